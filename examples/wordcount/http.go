package main

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/millrace-io/millrace"
)

// newApp makes the app, with its metrics and health on an HTTP address.
func newApp(o options, cfg *millrace.Config, stop *func()) (*millrace.App, error) {
	*stop = func() {}
	registry := prometheus.NewRegistry()
	cfg.Registerer = registry
	app, err := millrace.New(wordCount(o.in, o.out), *cfg)
	if err != nil || o.http == "" {
		return app, err
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/livez", health(app.Live))
	mux.HandleFunc("/readyz", health(app.Ready))
	l, err := net.Listen("tcp", o.http)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }()
	*stop = func() { _ = server.Close() }
	fmt.Fprintf(os.Stderr, "metrics and health on http://%s\n", l.Addr())
	return app, nil
}

// health answers 200 if check finds nothing, else 503 and what it found.
func health(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := check(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}

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

// serveHTTP serves the app's metrics and health on an address, nothing if it
// is empty, until stop is called.
func serveHTTP(addr string, app *millrace.App, metrics prometheus.Gatherer) (stop func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("/livez", health(app, app.Live))
	mux.HandleFunc("/readyz", health(app, app.Ready))
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("-http %s: %w", addr, err)
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }()
	fmt.Fprintf(os.Stderr, "serving /metrics, /livez and /readyz on http://%s\n", l.Addr())
	return func() { _ = server.Close() }, nil
}

// health answers 200 if check finds nothing, else 503 and what it found. With
// ?verbose it lists every condition of readiness.
func health(app *millrace.App, check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := check()
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		switch {
		case r.URL.Query().Has("verbose"):
			for _, c := range app.Status().Checks {
				fmt.Fprintln(w, c)
			}
		case err != nil:
			fmt.Fprintln(w, err)
		default:
			fmt.Fprintln(w, "ok")
		}
	}
}

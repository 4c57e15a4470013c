package embedded

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/millrace-io/millrace/internal/fakefetch"
)

// Broker is a running broker. Its methods may be called from any goroutine.
type Broker struct {
	cfg     Config
	gate    *gate
	cluster *kfake.Cluster
	admin   *kadm.Client // our own client, past the gate
	lock    *os.File     // nil in memory
	journal *journal     // nil in memory

	wg       sync.WaitGroup // of the retention loop
	stop     chan struct{}
	done     chan struct{} // closed by the first failure, or by Close
	doneOnce sync.Once

	compacting sync.Mutex // held by a compaction, a retention run, the closing

	mu     sync.Mutex // guards what follows
	err    error
	closed bool
}

// Start starts a broker. With Config.Dir it first repairs what a crash left and
// compacts if due; clients that connect meanwhile wait.
func Start(cfg Config) (*Broker, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	b := &Broker{cfg: cfg, stop: make(chan struct{}), done: make(chan struct{})}
	if err := b.start(); err != nil {
		return nil, fmt.Errorf("embedded: %w", errors.Join(err, b.Close()))
	}
	return b, nil
}

func (b *Broker) start() error {
	var r *recovery
	if dir := b.cfg.Dir; dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		var err error
		if b.lock, err = lockDir(dir); err != nil {
			return err
		}
		if r, err = recoverDir(dir); err != nil {
			return fmt.Errorf("recover %s: %w", dir, err)
		}
		if b.journal, err = openJournal(dir, r.journal, b.cfg.Sync); err != nil {
			return err
		}
		if err := errors.Join(r.dropSnapshots(), removeIfThere(filepath.Join(dir, "sasl.json"))); err != nil {
			return err
		}
	}
	l, err := b.cfg.Listen("tcp", b.cfg.Addr)
	if err != nil {
		return err
	}
	if b.gate, err = newGate(l, b.cfg.Advertise); err != nil {
		l.Close()
		return err
	}
	if b.cluster, err = kfake.NewCluster(b.options()...); err != nil {
		return err
	}
	fakefetch.Mend(b.cluster)
	if b.journal != nil {
		b.observe()
	}
	if err := b.connect(); err != nil {
		return err
	}
	if r != nil {
		if err := b.prepare(r); err != nil {
			return err
		}
	}
	b.wg.Go(b.retain)
	b.gate.open()
	return nil
}

// options translates the configuration for kfake. Its own compaction is put off
// for a century: it would let records of an open transaction supersede committed
// ones. Retention is off unless a topic asks for it, because kfake would apply
// the broker's default to compacted topics too.
func (b *Broker) options() []kfake.Opt {
	const century = 100 * 365 * 24 * time.Hour
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("millrace-embedded"),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return b.gate, nil }),
		kfake.DefaultNumPartitions(b.cfg.Partitions),
		kfake.WithLogger(logger{b.cfg.Logger, b.fail}),
		kfake.BrokerConfigs(map[string]string{
			"log.cleaner.backoff.ms": strconv.FormatInt(century.Milliseconds(), 10),
			"log.retention.ms":       "-1",
		}),
	}
	if b.cfg.Dir != "" {
		opts = append(opts, kfake.DataDir(b.cfg.Dir))
	}
	if b.cfg.Sync {
		opts = append(opts, kfake.SyncWrites())
	}
	if b.cfg.TLS != nil {
		opts = append(opts, kfake.TLS(b.cfg.TLS))
	}
	if b.cfg.AutoCreateTopics {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	if len(b.cfg.Users) > 0 {
		opts = append(opts, kfake.EnableSASL())
	}
	for _, u := range b.cfg.Users {
		opts = append(opts, kfake.Superuser(u.Mechanism, u.Name, u.Password))
	}
	return opts
}

// connect makes our own client, which reaches kfake by a pipe in this process.
func (b *Broker) connect() error {
	opts := []kgo.Opt{kgo.SeedBrokers(b.gate.addr.String()), kgo.DisableClientMetrics()}
	if b.cfg.TLS != nil {
		opts = append(opts, kgo.Dialer(tlsDialer(b.gate.dial)))
	} else {
		opts = append(opts, kgo.Dialer(b.gate.dial))
	}
	if len(b.cfg.Users) > 0 {
		u := b.cfg.Users[0]
		auth := scram.Auth{User: u.Name, Pass: u.Password}
		switch u.Mechanism {
		case "PLAIN":
			opts = append(opts, kgo.SASL(plain.Auth{User: u.Name, Pass: u.Password}.AsMechanism()))
		case "SCRAM-SHA-256":
			opts = append(opts, kgo.SASL(auth.AsSha256Mechanism()))
		default:
			opts = append(opts, kgo.SASL(auth.AsSha512Mechanism()))
		}
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	b.admin = kadm.NewClient(cl)
	return nil
}

// Addrs returns the host:port to bootstrap clients from.
func (b *Broker) Addrs() []string { return []string{b.gate.addr.String()} }

// Done is closed when the broker no longer serves: after Close, or because a
// write failed. Err tells which.
func (b *Broker) Done() <-chan struct{} { return b.done }

// Err returns the write error that ended service, else nil.
func (b *Broker) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// fail ends service because of a write error. It is called on kfake's goroutine
// and must not call kfake.
func (b *Broker) fail(err error) {
	b.mu.Lock()
	if b.err == nil && !b.closed {
		b.err = err
	}
	b.mu.Unlock()
	if b.gate != nil {
		b.gate.Close()
	}
	b.doneOnce.Do(func() { close(b.done) })
}

// Close ends service and waits for its end. Transactions that are open are
// aborted by the next Start. Close the clients before the broker: they would go
// on trying to reach it. It returns the error that Err does.
func (b *Broker) Close() error {
	b.mu.Lock()
	closed := b.closed
	b.closed = true
	b.mu.Unlock()
	if closed {
		return b.Err()
	}
	close(b.stop)
	b.wg.Wait()
	if b.admin != nil {
		b.admin.Close()
	}
	if b.gate != nil {
		b.gate.Close()
		b.gate.wg.Wait()
	}
	if b.cluster != nil {
		b.compacting.Lock() // kfake's methods never return on a closed cluster
		b.cluster.Close()
		b.compacting.Unlock()
	}
	var errs []error
	if b.journal != nil {
		errs = append(errs, b.journal.close())
	}
	if b.lock != nil {
		errs = append(errs, b.lock.Close())
	}
	b.doneOnce.Do(func() { close(b.done) })
	return errors.Join(append(errs, b.Err())...)
}

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// tlsDialer speaks TLS with our own end of a pipe. There is nobody to verify.
func tlsDialer(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return tls.Client(c, &tls.Config{InsecureSkipVerify: true}), nil
	}
}

package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
)

// Config says where a broker keeps its data and how it is reached. The zero
// value is a broker in memory on a free port of the loopback interface.
type Config struct {
	// Dir is the folder for data, created with mode 0700 if missing. One
	// process at a time can use it. Defaults to none: data is in memory.
	Dir string

	// Addr is the host:port to listen on. Defaults to "127.0.0.1:0", a free
	// port.
	Addr string

	// Advertise is the host that clients are told to connect to. Needed if Addr
	// names no single host, such as ":9092". Defaults to the host of Addr.
	Advertise string

	// Listen makes the listener for Addr. Defaults to net.Listen.
	Listen func(network, address string) (net.Listener, error)

	// TLS serves connections with this configuration. Defaults to none:
	// plaintext.
	TLS *tls.Config

	// Users may connect, by SASL. Defaults to none: everybody may.
	Users []User

	// AutoCreateTopics lets clients create topics by asking for them. Defaults
	// to false.
	AutoCreateTopics bool

	// Partitions of topics that are created without a count. Defaults to 1.
	Partitions int

	// Sync makes every write durable with fsync before it is acknowledged.
	// Defaults to false: writes survive a crash of the process, not of the
	// machine.
	Sync bool

	// CompactAbove is how many bytes the logs of compacted topics in Dir may
	// have before Start compacts them; negative means never. Compaction moves
	// the start of a log, so that local state which lags behind is restored
	// from scratch. Defaults to 64 MiB.
	CompactAbove int64

	// Logger receives the broker's own messages. Defaults to slog.Default.
	Logger *slog.Logger
}

// User is a SASL user. Mechanism is "PLAIN", "SCRAM-SHA-256" or
// "SCRAM-SHA-512".
type User struct {
	Mechanism, Name, Password string
}

func (c Config) withDefaults() Config {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.Listen == nil {
		c.Listen = net.Listen
	}
	if c.Partitions == 0 {
		c.Partitions = 1
	}
	if c.CompactAbove == 0 {
		c.CompactAbove = 64 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		errs = append(errs, fmt.Errorf("config: Addr %q is no host:port", c.Addr))
	} else if ip := net.ParseIP(host); c.Advertise == "" && (host == "" || ip != nil && ip.IsUnspecified()) {
		errs = append(errs, fmt.Errorf("config: Addr %q names no single host: set Advertise to the one that clients reach", c.Addr))
	}
	if c.Partitions < 0 {
		errs = append(errs, fmt.Errorf("config: Partitions is %d", c.Partitions))
	}
	for _, u := range c.Users {
		switch u.Mechanism {
		case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
		default:
			errs = append(errs, fmt.Errorf("user %q has mechanism %q: use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", u.Name, u.Mechanism))
		}
	}
	if c.Sync && c.Dir == "" {
		errs = append(errs, errors.New("config: Sync without Dir: memory cannot be made durable"))
	}
	return errors.Join(errs...)
}

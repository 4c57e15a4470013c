package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// User and Password are the credentials of the only user of a secured broker,
// valid for PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512.
const (
	User     = "alice"
	Password = "correct-horse-7431"
)

// Security is what clients of a secured broker need: a certificate authority
// made for this broker alone, and the credentials above.
type Security struct {
	CA  *x509.CertPool
	PEM []byte // the authority's certificate

	cert, key []byte // PEM: the broker's certificate and PKCS #8 key
}

// TLS returns a client configuration that trusts the broker.
func (s *Security) TLS() *tls.Config { return &tls.Config{RootCAs: s.CA, MinVersion: tls.VersionTLS12} }

// Options returns kgo options for TLS and SCRAM-SHA-512.
func (s *Security) Options() []kgo.Opt { return s.OptionsFor("SCRAM-SHA-512", Password) }

// OptionsFor returns kgo options for TLS and one of Mechanisms with a password,
// right or wrong. Use them instead of Options, not on top of it: kgo keeps the
// first of several mechanisms.
func (s *Security) OptionsFor(mechanism, password string) []kgo.Opt {
	auth := scram.Auth{User: User, Pass: password}
	var m sasl.Mechanism
	switch mechanism {
	case "PLAIN":
		m = plain.Auth{User: User, Pass: password}.AsMechanism()
	case "SCRAM-SHA-256":
		m = auth.AsSha256Mechanism()
	case "SCRAM-SHA-512":
		m = auth.AsSha512Mechanism()
	default:
		panic("kafkatest: no SASL mechanism " + mechanism)
	}
	return []kgo.Opt{kgo.DialTLSConfig(s.TLS()), kgo.SASL(m)}
}

// Mechanisms are the SASL mechanisms of a secured broker.
var Mechanisms = []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}

// ServerTLS returns a server's configuration for 127.0.0.1 and what its clients
// need to trust it.
func ServerTLS(t testing.TB) (*tls.Config, *Security) {
	t.Helper()
	sec, err := newSecurity()
	if err != nil {
		t.Fatalf("kafkatest: %v", err)
	}
	cert, err := tls.X509KeyPair(sec.cert, sec.key)
	if err != nil {
		t.Fatalf("kafkatest: %v", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, sec
}

// FakeSecure is Fake with TLS and SASL.
func FakeSecure(t testing.TB, opts ...kfake.Opt) *Broker {
	t.Helper()
	server, sec := ServerTLS(t)
	opts = append(opts, kfake.TLS(server), kfake.EnableSASL())
	for _, m := range Mechanisms {
		opts = append(opts, kfake.Superuser(m, User, Password))
	}
	b := Fake(t, opts...)
	b.Security = sec
	return b
}

// newSecurity makes an authority and a certificate for 127.0.0.1.
func newSecurity() (*Security, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "kafkatest authority"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "127.0.0.1"},
		NotBefore:    ca.NotBefore,
		NotAfter:     ca.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:     []string{"localhost"},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	s := &Security{
		CA:   x509.NewCertPool(),
		PEM:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
	s.CA.AppendCertsFromPEM(s.PEM)
	return s, nil
}

func keyStore(dir string) string { return filepath.Join(dir, "broker.pem") }

// writeFiles puts the broker's key and certificate where its properties name
// them. Kafka reads PEM key stores as they are.
func (s *Security) writeFiles(dir string) error {
	return os.WriteFile(keyStore(dir), append(append([]byte(nil), s.key...), s.cert...), 0o600)
}

func (s *Security) brokerProperties(dir string) map[string]string {
	const listener = "listener.name.sasl_ssl."
	return map[string]string{
		"ssl.keystore.type":       "PEM",
		"ssl.keystore.location":   filepath.ToSlash(keyStore(dir)),
		"sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		listener + "plain.sasl.jaas.config": fmt.Sprintf(
			`org.apache.kafka.common.security.plain.PlainLoginModule required user_%s="%s";`, User, Password),
		listener + "scram-sha-256.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
		listener + "scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
	}
}

// formatArgs seed the SCRAM users: they live in the cluster's metadata.
func (s *Security) formatArgs() []string {
	var args []string
	for _, m := range Mechanisms[1:] {
		args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", m, User, Password))
	}
	return args
}

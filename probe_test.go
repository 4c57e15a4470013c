package millrace
import (
 _ "github.com/cockroachdb/pebble/v2"
 _ "github.com/twmb/franz-go/pkg/kgo"
 _ "github.com/twmb/franz-go/pkg/kfake"
 _ "github.com/twmb/franz-go/pkg/kadm"
 _ "github.com/prometheus/client_golang/prometheus/promhttp"
 _ "github.com/prometheus/client_golang/prometheus/testutil"
 _ "github.com/tidwall/btree"
 _ "github.com/google/go-cmp/cmp"
 _ "pgregory.net/rapid"
 _ "go.uber.org/goleak"
 _ "github.com/cockroachdb/datadriven"
 _ "golang.org/x/sync/errgroup"
 "testing"
)
func TestX(t *testing.T){}

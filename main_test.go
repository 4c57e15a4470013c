package millrace_test

import (
	"os"
	"testing"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

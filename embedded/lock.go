package embedded

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockDir makes this process the only user of dir until the file is closed. The
// lock is the operating system's, so that it ends with the process, however
// that ends; the file's text only names the owner to others.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		owner, _ := io.ReadAll(io.LimitReader(f, 256))
		f.Close()
		return nil, fmt.Errorf("folder %s is in use by %s: stop it or use another folder (%w)",
			dir, strings.TrimSpace(string(owner)), err)
	}
	host, _ := os.Hostname()
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(f, "process %d on host %s since %s\n", os.Getpid(), host, time.Now().Format(time.RFC3339))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

package lsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-io/millrace/state"
)

// ownerFile says who holds the folder. It is information only: what excludes is
// pebble's lock on a file beside it, which ends with the process, however that
// ends. It is a file of its own because pebble truncates the locked one.
const ownerFile = "OWNER"

// owner is the content of the owner file, as JSON.
type owner struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	App   string    `json:"app"`
	Since time.Time `json:"since"`
}

// folderLock is a held lock on a folder.
type folderLock struct {
	dir  string
	lock *pebble.Lock
}

// lockFolder locks dir, which must be absolute and free of symbolic links:
// pebble compares names to find out that this very process holds a lock.
func lockFolder(filesystem vfs.FS, dir, app string) (*folderLock, error) {
	lock, err := pebble.LockDirectory(dir, filesystem)
	switch {
	case err == nil:
	case heldByOther(err):
		return nil, fmt.Errorf("open state folder %s: %w: %s holds it; end that one, or give this instance a folder of its own",
			dir, state.ErrLocked, describeOwner(dir))
	default:
		return nil, fmt.Errorf("lock state folder %s: %w", dir, err)
	}
	l := &folderLock{dir: dir, lock: lock}
	host, _ := os.Hostname()
	text, err := json.Marshal(owner{PID: os.Getpid(), Host: host, App: app, Since: time.Now().UTC().Truncate(time.Second)})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, ownerFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("write owner of state folder %s: %w", dir, err)
	}
	return l, nil
}

func (l *folderLock) release() error {
	// Best effort: a name that stays behind misleads nobody, since it is read
	// only while the lock is held.
	_ = os.Remove(filepath.Join(l.dir, ownerFile))
	return l.lock.Close()
}

// heldByOther tells a held lock from a folder that cannot be locked at all.
func heldByOther(err error) bool {
	var path *fs.PathError
	var code syscall.Errno
	switch {
	case errors.As(err, &path):
		return false // the lock file could not be created
	case errors.As(err, &code):
		const sharingViolation = syscall.Errno(32) // Windows: another handle is open
		if runtime.GOOS == "windows" {
			return code == sharingViolation
		}
		return code == syscall.EAGAIN || code == syscall.EACCES // what fcntl(2) answers
	}
	return true // pebble's own words for a lock within the process
}

func describeOwner(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, ownerFile))
	var o owner
	if err != nil || json.Unmarshal(text, &o) != nil {
		return "another process"
	}
	who := fmt.Sprintf("process %d on host %s", o.PID, o.Host)
	if host, _ := os.Hostname(); o.PID == os.Getpid() && o.Host == host {
		who = fmt.Sprintf("this process (%d)", o.PID)
	}
	return fmt.Sprintf("%s, application %q, since %s,", who, o.App, o.Since.Format(time.RFC3339))
}

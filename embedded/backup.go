package embedded

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// kfake compacts a log by deleting its files and writing new ones: a crash in
// between loses the log. So the files are linked into a backup first. The
// rename that gives the backup its name makes it count, the one that takes it
// away ends the compaction; Start puts a backup that counts back.
const (
	backupName = "compaction"
	backupTemp = "compaction.tmp"
)

func makeBackup(dir string, topics []topic) error {
	temp := filepath.Join(dir, backupTemp)
	if err := os.RemoveAll(temp); err != nil {
		return err
	}
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return err
	}
	for _, t := range topics {
		if !t.compacted() {
			continue
		}
		for n := range t.Partitions {
			from := partitionDir(dir, t.Name, n)
			if err := linkFiles(from, filepath.Join(temp, filepath.Base(from))); err != nil {
				return err
			}
		}
	}
	return os.Rename(temp, filepath.Join(dir, backupName))
}

func dropBackup(dir string) error {
	temp := filepath.Join(dir, backupTemp)
	if err := os.Rename(filepath.Join(dir, backupName), temp); err != nil {
		return err
	}
	return os.RemoveAll(temp)
}

// restoreBackup undoes a compaction that a crash interrupted. It can itself be
// interrupted and repeated: the backup goes last.
func restoreBackup(dir string) error {
	if err := os.RemoveAll(filepath.Join(dir, backupTemp)); err != nil {
		return err
	}
	backup := filepath.Join(dir, backupName)
	logs, err := os.ReadDir(backup)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, log := range logs {
		to := filepath.Join(dir, "partitions", log.Name())
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		if err := linkFiles(filepath.Join(backup, log.Name()), to); err != nil {
			return err
		}
	}
	return dropBackup(dir)
}

// linkFiles makes the files of a folder appear in another, by hard links where
// the file system has them.
func linkFiles(from, to string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a log that was never written
		}
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		src, dst := filepath.Join(from, f.Name()), filepath.Join(to, f.Name())
		if os.Link(src, dst) == nil {
			continue
		}
		if err := copyFile(src, dst); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

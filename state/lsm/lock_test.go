package lsm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// childEnv makes the test binary do something else: "hold DIR" or "write DIR".
const childEnv = "LSM_TEST_CHILD"

// startChild runs this test binary as another process and returns the lines
// that it prints.
func startChild(t *testing.T, what string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// child is the other process; it runs until it is killed.
func child(what string) error {
	do, path, _ := strings.Cut(what, " ")
	opened, err := Dir(path).Open(context.Background(), state.Options{App: "wordcount", CacheBytes: 1 << 20, MemtableBytes: 1 << 20})
	if err != nil {
		return err
	}
	switch do {
	case "hold":
		fmt.Println("open")
		select {}
	case "load":
		opened.(*db).ingestFrom = 1
		return loadForever(opened)
	}
	return writeForever(opened)
}

func TestFolderOfAnotherProcess(t *testing.T) {
	path := t.TempDir()
	cmd, lines := startChild(t, "hold "+path)
	if !lines.Scan() || lines.Text() != "open" {
		t.Fatalf("child said %q", lines.Text())
	}
	_, err := Dir(path).Open(t.Context(), state.Options{App: "wordcount"})
	if !errors.Is(err, state.ErrLocked) {
		t.Fatalf("Open: %v, want state.ErrLocked", err)
	}
	for _, want := range []string{fmt.Sprintf("process %d on host", cmd.Process.Pid), `application "wordcount"`, "since 2", "a folder of its own"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q: %v", want, err)
		}
	}

	// The lock ends with the process, however that ends.
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	db, err := Dir(path).Open(t.Context(), state.Options{App: "wordcount"})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFolderOfThisProcessUnderAnotherName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	db, err := Dir(path).Open(t.Context(), state.Options{App: "a"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err) // Windows wants a privilege for it
	}
	_, err = Dir(link).Open(t.Context(), state.Options{App: "a"})
	if !errors.Is(err, state.ErrLocked) || !strings.Contains(err.Error(), "this process") {
		t.Fatalf("Open by another name: %v, want state.ErrLocked by this process", err)
	}
}

func TestLockThatCannotBeMadeIsNotCalledLocked(t *testing.T) {
	path := t.TempDir()
	if err := os.MkdirAll(filepath.Join(path, "LOCK"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Dir(path).Open(t.Context(), state.Options{})
	if err == nil || errors.Is(err, state.ErrLocked) {
		t.Fatalf("Open: %v, want an error that is not state.ErrLocked", err)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// builder makes programs from their sources in this module.
type builder struct {
	dir  string // where programs go; absolute
	java string // options of the Java machine
	pgo  string // as go build takes it: auto, off, or the file of a profile
}

// goProgram builds a Go program. Folder is the one of a module of its own below
// benchmarks, "" for this module.
func (b *builder) goProgram(ctx context.Context, folder, pkg string) ([]string, error) {
	out := filepath.Join(b.dir, path.Base(path.Join(folder, pkg))+".exe")
	pgo := b.pgo
	if pgo != "auto" && pgo != "off" {
		var err error
		if pgo, err = filepath.Abs(pgo); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-pgo", pgo, "-o", out, pkg)
	if folder != "" {
		src, err := sources(ctx)
		if err != nil {
			return nil, err
		}
		cmd.Dir = filepath.Join(src, folder)
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	return []string{out}, nil
}

// sources is the folder of the benchmarks.
func sources(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w: run the benchmark inside of its module", module, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "benchmarks"), nil
}

// javaProgram builds the Maven project in a folder below benchmarks. Nothing is
// written to the sources.
func (b *builder) javaProgram(ctx context.Context, folder, main string) ([]string, error) {
	java, err := kafkatest.Java(ctx)
	if err != nil {
		return nil, err
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return nil, errors.New("it is built with Maven: install it (mvn on the PATH)")
	}
	src, err := sources(ctx)
	if err != nil {
		return nil, err
	}
	out := filepath.Join(b.dir, folder)
	cmd := exec.CommandContext(ctx, mvn, "-q", "-B", "package", "-Dout="+out)
	cmd.Dir = filepath.Join(src, folder)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mvn package: %w\n%s", err, text)
	}
	command := append([]string{java}, strings.Fields(b.java)...)
	classpath := filepath.Join(out, "classes") + string(os.PathListSeparator) + filepath.Join(out, "lib", "*")
	return append(command, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classpath, main), nil
}

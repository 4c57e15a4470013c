package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// builder makes programs from their sources in this module.
type builder struct {
	dir  string // where programs go; absolute
	java string // options of the Java machine
	pgo  string // ownProfile, off, or the file of a profile
}

// ownProfile is the choice of the profile that a program has in its folder. It is
// not named default.pgo, which would have every go build of this module compile
// all that the programs depend on once more.
const (
	ownProfile  = "own"
	profileFile = "hot.pgo"
)

// goProgram builds the Go program in a folder below benchmarks, of this module or
// one of its own.
func (b *builder) goProgram(ctx context.Context, folder string) ([]string, error) {
	src, err := sources(ctx)
	if err != nil {
		return nil, err
	}
	src = filepath.Join(src, folder)
	profile := b.pgo
	switch profile {
	case "off":
	case ownProfile:
		profile = filepath.Join(src, profileFile)
		if _, err := os.Stat(profile); err != nil {
			profile = "off"
		}
	default:
		if profile, err = filepath.Abs(profile); err != nil {
			return nil, err
		}
	}
	out := filepath.Join(b.dir, folder+".exe")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-pgo", profile, "-o", out, ".")
	cmd.Dir = src
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", folder, err, text)
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

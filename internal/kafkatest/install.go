package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// pom names the broker and a logger that writes to standard error. Both come
// from Maven Central.
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.millrace</groupId>
  <artifactId>kafkatest</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>%s</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

// install returns the folder with the jars of a Kafka version, fetching them
// at first use. Several processes may do that at once: each fetches into a
// folder of its own and the first to rename it wins.
func install(ctx context.Context, version string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "kafka-"+version)
	lib := filepath.Join(home, "lib")
	if _, err := os.Stat(lib); err == nil {
		return lib, nil
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		return "", errors.New("apache kafka " + version + " is not in " + cache +
			" and Maven is not installed: install Maven (mvn on the PATH) or, for tests, unset MILLRACE_KAFKA")
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := os.WriteFile(filepath.Join(tmp, "pom.xml"), fmt.Appendf(nil, pom, version), 0o644); err != nil {
		return "", err
	}
	mvn := exec.CommandContext(ctx, "mvn", "-q", "-B", "dependency:copy-dependencies",
		"-DoutputDirectory=lib", "-DincludeScope=runtime")
	mvn.Dir = tmp
	if out, err := mvn.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetch apache kafka %s with Maven: %w\n%s", version, err, out)
	}
	if err := os.Rename(tmp, home); err != nil {
		// Another process was first? What is there is complete, since it only
		// ever appears by a rename.
		if _, stat := os.Stat(lib); stat != nil {
			return "", err
		}
	}
	return lib, nil
}

func cacheDir() (string, error) {
	if dir := os.Getenv("MILLRACE_KAFKA_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for apache kafka, set MILLRACE_KAFKA_CACHE: %w", err)
	}
	return filepath.Join(dir, "millrace"), nil
}

var javaVersion = regexp.MustCompile(`version "(\d+)`)

// findJava returns the path of a Java that can run the broker.
func findJava(ctx context.Context) (string, error) {
	const need = "apache kafka needs Java 17 or later: install it or, for tests, unset MILLRACE_KAFKA"
	java, err := exec.LookPath("java")
	if home := os.Getenv("JAVA_HOME"); err != nil && home != "" {
		java, err = exec.LookPath(filepath.Join(home, "bin", "java"))
	}
	if err != nil {
		return "", errors.New("no java on the PATH or in JAVA_HOME; " + need)
	}
	out, err := exec.CommandContext(ctx, java, "-version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s -version: %w; %s", java, err, need)
	}
	m := javaVersion.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("%s -version says %q; %s", java, firstLine(out), need)
	}
	if major, _ := strconv.Atoi(string(m[1])); major < 17 {
		return "", fmt.Errorf("%s is %q; %s", java, firstLine(out), need)
	}
	return java, nil
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(string(b), "\n")
	return line
}

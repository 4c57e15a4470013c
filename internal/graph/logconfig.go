package graph

import (
	"strconv"
	"time"
)

// WindowLog are the configs of the changelog of a store whose rows go by
// themselves, and are needed for a time; 0 is for ever. They are those that Kafka
// Streams gives to stores of windows and sessions.
func WindowLog(needed time.Duration) map[string]string {
	if needed == 0 {
		return map[string]string{"cleanup.policy": "compact"}
	}
	return map[string]string{"cleanup.policy": "compact,delete", "retention.ms": LogTime(needed)}
}

// LogTime is how long the broker keeps records of a changelog that are needed for
// a time, in milliseconds as a config wants them: a day longer, which is Kafka
// Streams' windowstore.changelog.additional.retention.ms.
func LogTime(needed time.Duration) string {
	return strconv.FormatInt(needed.Milliseconds()+(24*time.Hour).Milliseconds(), 10)
}

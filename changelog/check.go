package changelog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// check reads the effective configs of all topics and refuses those under
// which state or records would be lost.
func (e *ensurer) check(ctx context.Context, topics []Topic) error {
	req := kmsg.NewPtrDescribeConfigsRequest()
	byName := make(map[string]*Topic, len(topics))
	for i := range topics {
		r := kmsg.NewDescribeConfigsRequestResource()
		r.ResourceType = kmsg.ConfigResourceTypeTopic
		r.ResourceName = topics[i].Name
		r.ConfigNames = []string{cleanupPolicy, deleteRetention, retention, timestampType}
		req.Resources = append(req.Resources, r)
		byName[topics[i].Name] = &topics[i]
	}
	if len(topics) == 0 {
		return nil
	}
	resp, err := req.RequestWith(ctx, e.cl)
	if err != nil {
		return err
	}
	var errs []error
	seen := 0
	for i := range resp.Resources {
		r := &resp.Resources[i]
		t := byName[r.ResourceName]
		if t == nil {
			continue
		}
		switch err := kerr.ErrorForCode(r.ErrorCode); {
		case err != nil && kerr.IsRetriable(err):
			return fmt.Errorf("configs of %s topic %s: %w", t.Kind, t.Name, err)
		case err != nil:
			errs = append(errs, topicErr(t, fmt.Errorf("read its configs: %w", err)))
			continue
		}
		seen++
		found := make(map[string]string, len(r.Configs))
		for _, c := range r.Configs {
			if c.Value != nil {
				found[c.Name] = *c.Value
			}
		}
		if err := t.refuse(found); err != nil {
			errs = append(errs, err)
			continue
		}
		info := e.infos[t.Name]
		info.DeleteRetention = millis(found[deleteRetention], defaultDeleteRetention)
		if includes(found[cleanupPolicy], "delete") {
			info.Retention = millis(found[retention], 0)
		}
		e.infos[t.Name] = info
	}
	if len(errs) > 0 {
		return &permanentError{errors.Join(errs...)}
	}
	if seen != len(byName) {
		return errNotReady
	}
	return nil
}

// refuse reports configs of an existing topic that would lose data.
func (t *Topic) refuse(found map[string]string) error {
	want := cmp.Or(t.configs()[cleanupPolicy], "delete")
	switch have, ok := found[cleanupPolicy]; {
	case !ok:
	case compacted(want) && !compacted(have):
		return fmt.Errorf("%s topic %s has %s=%s: records that age out are lost state; set %s=%s on the topic, and if it has lost records already, reset the application",
			t.Kind, t.Name, cleanupPolicy, have, cleanupPolicy, want)
	case !compacted(want) && compacted(have):
		return fmt.Errorf("%s topic %s has %s=%s: compaction removes records that are not processed yet; set %s=%s on the topic",
			t.Kind, t.Name, cleanupPolicy, have, cleanupPolicy, want)
	}
	if found[timestampType] == "LogAppendTime" {
		return fmt.Errorf("%s topic %s has %s=LogAppendTime: the event time of its records is lost; set %s=CreateTime on the topic",
			t.Kind, t.Name, timestampType, timestampType)
	}
	return nil
}

// defaultDeleteRetention is Kafka's default of delete.retention.ms.
const defaultDeleteRetention = 24 * time.Hour

// millis reads a config in milliseconds. What is none, or negative, is otherwise.
func millis(config string, otherwise time.Duration) time.Duration {
	n, err := strconv.ParseInt(config, 10, 64)
	if err != nil || n < 0 {
		return otherwise
	}
	const most = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(n, most)) * time.Millisecond
}

package metrics

import "testing"

func TestGaugesAreReadFromWhatIsAlive(t *testing.T) {
	r, reg := registered(t, wordcount())
	r.OnScrape(busy)
	got := sums(t, reg)
	for name, want := range map[string]float64{
		`app_state{state="created"}`:                              0,
		`app_state{state="running"}`:                              1,
		`workers{state="idle"}`:                                   1,
		`workers{state="running"}`:                                2,
		`workers{state="stopping"}`:                               3,
		`workers{state="failed"}`:                                 4,
		`transactions_in_flight{}`:                                5,
		`entries_bytes{kind="clean"}`:                             100,
		`entries_bytes{kind="dirty"}`:                             200,
		`entries_bytes{kind="frozen"}`:                            300,
		`store_memory_bytes{kind="memtable"}`:                     1000,
		`store_memory_bytes{kind="block_cache"}`:                  2000,
		`store_memory_bytes{kind="table_index"}`:                  3000,
		`store_block_cache_requests_total{result="hit"}`:          70,
		`store_block_cache_requests_total{result="miss"}`:         30,
		`store_compaction_debt_bytes{}`:                           4000,
		`store_write_stall_seconds_total{}`:                       0.25,
		`tasks{role="active",subtopology="0"}`:                    2,
		`tasks{role="restoring",subtopology="0"}`:                 0,
		`tasks{role="active",subtopology="1"}`:                    1,
		`tasks{role="restoring",subtopology="1"}`:                 1,
		`buffered_records{subtopology="0"}`:                       11,
		`buffered_bytes{subtopology="0"}`:                         1650,
		`watermark_timestamp_seconds{subtopology="0"}`:            1_700_000_001.5,
		`partition_lag_records{partition="0",topic="lines"}`:      7,
		`partition_lag_records{partition="1",topic="lines"}`:      8,
		`paused_partitions{topic="lines"}`:                        2,
		`paused_partitions{topic="wordcount-counts-repartition"}`: 0,
		`store_entries{store="counts"}`:                           666,
		`store_disk_bytes{store="counts"}`:                        6666,
		`restore_remaining_records{role="active",store="counts"}`: 42,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s = %v (exists: %v), want %v", name, v, ok, want)
		}
	}
	for _, name := range []string{
		`watermark_timestamp_seconds{subtopology="1"}`,       // no record yet
		`partition_lag_records{partition="2",topic="lines"}`, // not known yet
	} {
		if v, ok := got[name]; ok {
			t.Errorf("%s = %v, although it is not known", name, v)
		}
	}
}

// After a rebalance, another instance tells the lag of a partition.
func TestGaugesVanishWithTheirTasks(t *testing.T) {
	r, reg := registered(t, wordcount())
	r.OnScrape(busy)
	const lag = `partition_lag_records{partition="0",topic="lines"}`
	if _, ok := sums(t, reg)[lag]; !ok {
		t.Fatalf("no %s", lag)
	}
	r.OnScrape(nil)
	got := sums(t, reg)
	if _, ok := got[lag]; ok {
		t.Errorf("%s outlived its task", lag)
	}
	if v := got[`tasks{role="active",subtopology="0"}`]; v != 0 {
		t.Errorf("%v tasks are left", v)
	}
}

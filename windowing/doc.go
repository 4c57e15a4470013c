// Package windowing aggregates a grouped stream in windows of event time, as
// Kafka Streams does.
//
//	views := topology.GroupByKey(topology.Stream[string, View](b, "views"))
//	perMinute := windowing.Count(views, "per-minute", windowing.Tumbling(time.Minute).Grace(10*time.Second))
//	topology.To(perMinute.ToStream(), "counts")
//	topology.To(perMinute.Late(), "late-views")
//
// The result is a table with a row for each key and window, of which every
// update is sent on, or what the options say: the last one when the window has
// closed (EmitOnClose), and others.
//
//	event time  0:00        1:00        2:00
//	records     | a  a   a  |    a  a   | a
//	rows        a@[0:00,1:00) 3
//	                        a@[1:00,2:00) 2
//	                                    a@[2:00,3:00) 1
//
// A window takes records until the stream time has reached its end plus the
// grace: records come late, and those that come out of order go into the window
// of their own time. The stream time is the highest time of all records of the
// operator's task, whatever their keys. It is committed with the offsets, so
// that a restart makes no late record welcome; Kafka Streams forgets it.
//
// A window lives in its store for its size and the grace, and in the changelog
// a day longer. There brokers count by the wall clock, as with Kafka Streams:
// an application that reads input much older than that should give its
// aggregations the option topology.LogConfig with "retention.ms": "-1", or
// windows that are open are lost with the disk of an instance. The log warns of
// each store that this is so of.
//
// The package knows nothing of Kafka, workers and transactions.
package windowing

package topology

import "github.com/millrace-io/millrace/status"

// change is a kind of change of a topology: an index of effects.
type change int

// Of stores, and of what they hold.
const (
	storeRemoved change = iota
	storeUnloggedRemoved
	storeAdded
	storeAddedFresh
	storeRenamed
	storeType
	storeTypeRenamed
	storeSerdes
	storeFormat
	storeUnlogged
	storeLogged
	storeLogConfig
	storeDetail
	storeWriter
	storeMoved
	storeField
	storeFieldRenamed
	storeFieldRemoved
	storeFieldAdded

	// Of repartition topics.
	repartitionRemoved
	repartitionAdded
	repartitionTypes
	repartitionPartitioner
	repartitionCount
	repartitionCountAsked
	repartitionCountLeft

	// Of topics that others write or read.
	topicAdded
	topicRemoved
	topicTypes
	topicStart
	coPartitioned
	sinkTopic
	sinkRemoved
	sinkAdded
	sinkTypes
	sinkPartitioner

	// Of global tables.
	globalAdded
	globalTopic
	globalTypes

	// Of operators and subtopologies.
	timeRenamed
	timeMoved
	renumbered
)

// effects are what each change does to an application that runs, and what to
// do about it. The texts have places for names, such as <store>; <app> stays,
// since a topology does not know it.
//
// The tables of docs/topology-changes.md are made of these.
var effects = [...]struct {
	severity           status.Severity
	when, text, remedy string
}{
	storeRemoved: {status.Warning, "a logged store is removed",
		"the store is gone; its changelog topic stays, with all rows",
		"when you will not go back to the old version, delete the topic <app>-<store>-changelog; local state goes by itself after Config.StateRetention"},
	storeUnloggedRemoved: {status.Safe, "a store without a changelog is removed",
		"the store is gone, with what it held", ""},
	storeAdded: {status.Warning, "a store is added behind inputs that were read before",
		"the store begins empty: records that were processed before do not go into it",
		"nothing if records from now on are enough; else start the application anew"},
	storeAddedFresh: {status.Safe, "a store is added behind new inputs only",
		"the store begins empty, with the first records of its inputs", ""},
	storeRenamed: {status.Breaking, "a store has another name (a guess: one was removed, one of the same types added)",
		"<old> is gone and <store> is new, with the same types: if it is the same store under another name, it begins empty",
		"keep the name <old>; or stop all instances, make the topic <app>-<store>-changelog like <app>-<old>-changelog, copy the records partition by partition, and start the new version then"},
	storeType: {status.Breaking, "the type of keys or values of a store changes",
		"the type of a <part> is <new> and was <old>: the store and its changelog hold what was written before",
		"nothing if the serde reads the old bytes as the new type; else give the store a new name, or start the application anew"},
	storeTypeRenamed: {status.Safe, "a struct that a store holds has another name, with the same fields and serdes",
		"the type of a <part> is <new> and was <old>; fields and serdes are the same", ""},
	storeSerdes: {status.Breaking, "a serde of a store changes",
		"the serdes are <new> and were <old>: what the store and its changelog hold cannot be read",
		"keep the serdes; or give the store a new name, or start the application anew"},
	storeFormat: {status.Breaking, "the format of a store changes",
		"the format is <new> and was <old>: local state and changelog are not laid out like that",
		"give the store a new name, or start the application anew"},
	storeUnlogged: {status.Warning, "the changelog of a store is turned off",
		"rows are lost when their task moves or their folder does; the changelog topic stays and goes out of date",
		"delete the topic <app>-<store>-changelog: old rows would come back if it were turned on again"},
	storeLogged: {status.Breaking, "the changelog of a store is turned on",
		"the rows of before are in no changelog: they are dropped at the start, and the store begins empty",
		"nothing if rows come back with new records; else start the application anew"},
	storeLogConfig: {status.Warning, "the topic configs of a changelog change",
		"configs are <new> and were <old>: they are given to topics that are made, and this one exists",
		"set them on the topic <app>-<store>-changelog with kafka-configs.sh"},
	storeDetail: {status.Warning, "a store is declared on other terms, for example how long it keeps rows",
		"the store is declared with <new> and was with <old>: what it dropped before stays away, what it holds counts by the new terms",
		"nothing if rows of before make sense under the new terms; else give the store a new name"},
	storeWriter: {status.Warning, "another operator or aggregation keeps a store",
		"rows are kept by <new> and were by <old>: those of before stay, and what comes is added to them",
		"nothing if rows of before mean the same; else give the store a new name"},
	storeMoved: {status.Warning, "the subtopology of a store reads other topics",
		"its subtopology reads <new> and read <old>: a changelog needs as many partitions as the widest of these, and a row is found only in the partition that the records of its key come in",
		"nothing if partition counts and the partitions of keys are the same; else give the store a new name, or start the application anew"},
	storeField: {status.Breaking, "a field of a struct in a store or repartition topic gets another type",
		"field <field> of <type> is <new> and was <old>: what was written before may not be readable",
		"add a field of another name for the new type, and read both"},
	storeFieldRenamed: {status.Breaking, "a field of a struct in a store or repartition topic gets another name in JSON",
		"field <field> of <type> is <new> in JSON and was <old>: in what was written before, it is not found and stays zero",
		"keep the name by a tag"},
	storeFieldRemoved: {status.Warning, "a field of a struct in a store or repartition topic is removed",
		"field <field> of <type> is gone: what was written in it is lost when the row is written again",
		"nothing if nobody needs it; a serde that refuses unknown fields refuses what was written before"},
	storeFieldAdded: {status.Safe, "a field of a struct in a store or repartition topic is added",
		"field <field> of <type> is new: it is zero in what JSON has written before", ""},

	repartitionRemoved: {status.Breaking, "a repartition topic is removed",
		"records in <topic> that are not processed yet are lost",
		drain + ", delete the topic"},
	repartitionAdded: {status.Safe, "a repartition topic is added",
		"the topic <topic> is made at the start", ""},
	repartitionTypes: {status.Breaking, "types or serdes of a repartition topic change",
		"records are <new> and were <old>: those that are in <topic> cannot be read",
		drain},
	repartitionPartitioner: {status.Breaking, "a repartition topic gets or loses a partitioner of its own",
		"records go to other partitions: the tasks there do not have the rows of before, which stay where their keys went",
		"keep the partitioner; or " + drain + " with a new name for the stores behind it"},
	repartitionCount: {status.Breaking, "the partition count of a repartition topic changes",
		"<new> partitions are asked for and <old> were: the start fails, since the topic exists",
		"ask for <old>; or " + drain + " with a new name for the topic and for the stores behind it"},
	repartitionCountAsked: {status.Warning, "a repartition topic is given a partition count",
		"<new> partitions are asked for, where the count followed from the inputs: the start fails if the topic has another one",
		"ask for as many as it has"},
	repartitionCountLeft: {status.Safe, "a repartition topic is given no partition count any more",
		"the topic keeps the <old> partitions that it has", ""},

	topicAdded: {status.Safe, "a source reads a topic that was not read before",
		"no offset is committed for it: it is read from <new>", ""},
	topicRemoved: {status.Warning, "a topic is no longer read",
		"what comes from now on is not processed; the committed offsets expire after the broker's offsets.retention.minutes (7 days), so if it is read again later, it goes on there or starts by the policy of its source",
		"to process all of it first, run the old version with App.RunUntilCaughtUp after the last record"},
	topicTypes: {status.Warning, "the types or serdes of a source change",
		"records are read as <new> and were as <old>, also those that are in the topic already",
		"make sure that the new serdes read old records; what they cannot read goes by the policy for decode"},
	topicStart: {status.Safe, "the start of a source changes",
		"it starts at <new> and did at <old>, which counts only for partitions without a committed offset", ""},
	coPartitioned: {status.Warning, "sources meet that did not meet before",
		"<new> need equal partition counts, or the start fails, and the same partitioner",
		"compare the topics; send one side through topology.Repartition if they differ"},
	sinkTopic: {status.Warning, "a sink writes another topic",
		"<node> writes <new> and wrote <old>, which gets nothing more",
		"have the readers of <old> read to its end and go on with <new>, which must exist before the start"},
	sinkRemoved: {status.Warning, "a topic is no longer written",
		"its readers get nothing more", "tell them"},
	sinkAdded: {status.Safe, "a topic is written that was not before",
		"it must exist before the start", ""},
	sinkTypes: {status.Warning, "the types or serdes of a sink change",
		"records are <new> and were <old>: readers find both in the topic",
		"have the readers understand both before the start, or write another topic"},
	sinkPartitioner: {status.Warning, "a sink gets or loses a partitioner of its own",
		"records of one key go to another partition than before: readers see them out of order, and their state may be elsewhere",
		"have the readers come to the end before the start, or write another topic"},

	globalAdded: {status.Safe, "a global table is added",
		"each instance fills it from its topic before it is ready", ""},
	globalTopic: {status.Warning, "a global table has another topic",
		"it is filled from <new> and was from <old>: its rows are other ones from the start on", "make sure that the new topic is complete before the start"},
	globalTypes: {status.Warning, "types or serdes of a global table change",
		"its topic is read as <new> and was as <old>, also what is in it, and in state folders, already",
		"make sure that the new serdes read old records; what they cannot read goes by the policy for decode"},

	timeRenamed: {status.Warning, "an operator with a stream time of its own has another name (a guess: one was removed, one of the same kind added)",
		"it was <old>: its stream time is kept under its name with the commits of its inputs, so it starts at the next record, and takes some that would have been too late",
		"keep the name <old>"},
	timeMoved: {status.Warning, "an operator with a stream time of its own reads other topics",
		"its subtopology reads <new> and read <old>: its stream time is kept with the commits of its inputs, so it starts at the next record, and takes some that would have been too late",
		"nothing if some records that are too late do no harm"},
	renumbered: {status.Safe, "the number of a subtopology changes",
		"it was subtopology <old>: tasks have other names in metrics, logs and status; stores are kept by name and offsets by topic, so nothing is lost; while both versions run, tasks may be placed away from their state", ""},
}

// drain is how a repartition topic is emptied.
const drain = "drain it: stop what writes the inputs and all instances, run the old version with App.RunUntilCaughtUp, then start the new one"

package status

// State says what an instance, a worker or a task is doing. The text of a
// State is also the value of the label state in metrics.
type State string

// The states. An instance takes those marked i, a worker w, a task t.
const (
	Created     State = "created"     // i: made, Run has not been called
	Starting    State = "starting"    // i: checks brokers and topics, fences its predecessor, joins the group
	Rebalancing State = "rebalancing" // i: the group is spreading tasks anew
	Restoring   State = "restoring"   // i, t: reads state back; other tasks process meanwhile
	Running     State = "running"     // i, w, t: processes, or waits for records
	Idle        State = "idle"        // w: has no task
	Parked      State = "parked"      // t: waits for the next try of a failed record
	Stopping    State = "stopping"    // i, w, t: settles what is open and leaves
	Stopped     State = "stopped"     // i: Run has returned nil
	Failed      State = "failed"      // i, w, t: ended by an error
)

package graph

import "errors"

// NodeError says in which node an error came up. Its text is that of the
// error alone: the node is a field of the processor.Error that the task makes
// of it.
type NodeError struct {
	Node *Node
	Err  error
}

// Error returns the text of the cause.
func (e *NodeError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *NodeError) Unwrap() error { return e.Err }

// At names n as the node in which err came up, unless err is nil or a node
// further down has been named already. Operators call it where user code or a
// store hands them an error, and pass on what receivers return as it is:
//
//	v, err := o.fn(key, value)
//	if err != nil {
//		return graph.At(o.node, err)
//	}
//	return o.out.Receive(key, v, m)
func At(n *Node, err error) error {
	if err == nil {
		return nil
	}
	var named *NodeError
	if errors.As(err, &named) {
		return err
	}
	return &NodeError{Node: n, Err: err}
}

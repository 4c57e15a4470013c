package streamstest

// _breakpoint does nothing: set the debugger's breakpoint here, and put the
// command before the one to look at.
func cmdBreakpoint(*Script, call) error { return nil }

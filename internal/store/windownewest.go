package store

// Newest is the latest start of all windows ever put: there are none after it. It
// is the lowest time there is before the first one.
func (s *Window[K, V]) Newest() (startMs int64, err error) {
	err = s.know()
	return s.streamTime, err
}

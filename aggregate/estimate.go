package aggregate

import "math"

// estimate is how many distinct hashes s has seen, by the improved raw
// estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches" (2017, arXiv:1702.01284, algorithm 6). It needs neither the tables
// nor the switch to counting empty registers with which the original estimator
// of Flajolet and others (2007) is corrected, and is as exact for few hashes as
// for many.
func (s Sketch) estimate(p int) int64 {
	// How many registers have each rank, up to 1+q.
	var count [65]int
	q := 64 - p
	if s.dense(p) {
		for i := range len(s.registers) {
			count[s.registers[i]]++
		}
	} else {
		for at := 0; at < len(s.registers); at += sparseSize {
			count[s.registers[at+2]]++
		}
		count[0] = 1<<p - len(s.registers)/sparseSize
	}
	m := float64(int(1) << p)
	z := m * tau(1-float64(count[q+1])/m)
	for rank := q; rank >= 1; rank-- {
		z = (z + float64(count[rank])) / 2
	}
	z += m * sigma(float64(count[0])/m)
	const alpha = 1 / (2 * math.Ln2)
	return int64(math.Round(alpha * m * m / z))
}

// sigma corrects for registers that no hash has reached: x of all.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	for y, z := 1.0, x; ; y *= 2 {
		x *= x
		before := z
		if z += x * y; z == before {
			return z
		}
	}
}

// tau corrects for registers that cannot rise any more: 1-x of all.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	for y, z := 0.5, 1-x; ; y /= 2 {
		x = math.Sqrt(x)
		before := z
		if z -= (1 - x) * (1 - x) * y; z == before {
			return z / 3
		}
	}
}

package password

import "math"

// The keys of a US keyboard. Each row stands half a key to the right of the one above it.
var keyRows = [...]struct{ plain, shifted string }{
	{"`1234567890-=", "~!@#$%^&*()_+"},
	{" qwertyuiop[]\\", " QWERTYUIOP{}|"},
	{" asdfghjkl;'", " ASDFGHJKL:\""},
	{" zxcvbnm,./", " ZXCVBNM<>?"},
}

type key struct{ row, column int }

// keys is where a character is, for ASCII.
var keys = func() (at [128]key) {
	for row, r := range keyRows {
		for _, chars := range []string{r.plain, r.shifted} {
			for column := range len(chars) {
				if c := chars[column]; c != ' ' {
					if 'A' <= c && c <= 'Z' {
						c += 'a' - 'A'
					}
					at[c] = key{row + 1, column}
				}
			}
		}
	}
	return at
}()

func keyOf(r rune) (key, bool) {
	if r < 0 || r >= 128 || keys[r].row == 0 {
		return key{}, false
	}
	return keys[r], true
}

// step is the direction from one key to a neighbour: along the row, or to the two keys above or below.
func step(a, b key) (d key, ok bool) {
	d = key{b.row - a.row, b.column - a.column}
	switch d {
	case key{0, 1}, key{0, -1}, key{1, 0}, key{-1, 0}, key{1, -1}, key{-1, 1}:
		return d, true
	}
	return d, false
}

// walk offers qwertyuiop, 1qaz, zaq12wsx: key after key with few turns. A column that goes on with the next column (1qaz2wsx) is one jump.
func (t *text) walk(i int, offer func(int, float64, Reason)) {
	here, ok := keyOf(t.runes[i])
	if !ok {
		return
	}
	turns, jumps := 0.0, 0.0
	var heading key
	for to := i + 1; to < len(t.runes); to++ {
		next, ok := keyOf(t.runes[to])
		if !ok {
			return
		}
		d, ok := step(here, next)
		switch {
		case !ok && to-i >= 3 && t.columnAgain(i, to):
			jumps++
		case !ok:
			return
		case to > i+1 && d != heading:
			turns++
		}
		here, heading = next, d
		if length := to - i + 1; length >= 5 || length >= 3 && turns == 0 {
			offer(to+1, 4.7+math.Log2(float64(length))+1.6*turns+1.6*jumps, Pattern)
		}
	}
}

// columnAgain reports whether the key at to is the neighbour of the key with which the last column began.
func (t *text) columnAgain(i, to int) bool {
	for _, back := range []int{3, 4} {
		if to-back < i {
			continue
		}
		a, okA := keyOf(t.runes[to-back])
		b, okB := keyOf(t.runes[to])
		if okA && okB && a.row == b.row && (b.column-a.column == 1 || b.column-a.column == -1) {
			return true
		}
	}
	return false
}

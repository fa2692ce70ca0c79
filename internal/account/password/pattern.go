package password

import "math"

// sequence offers abcdef, 987654, 가나다: each character the next or the one before.
func (t *text) sequence(i int, offer func(int, float64, Reason)) {
	r := t.runes
	if i+2 >= len(r) {
		return
	}
	step := r[i+1] - r[i]
	if step != 1 && step != -1 {
		return
	}
	start := t.character(i)
	switch r[i] {
	case 'a', 'z', '0', '1', '9':
		start = 2
	}
	to := i + 2
	for to < len(r) && r[to]-r[to-1] == step {
		to++
		offer(to, start+1+math.Log2(float64(to-i)), Pattern)
		// 1234567890 goes on where the row of keys does.
		if step == 1 && r[to-1] == '9' && to < len(r) && r[to] == '0' {
			offer(to+1, start+1+math.Log2(float64(to+1-i)), Pattern)
		}
	}
}

// date offers years from 1900 to 2059, and days written with six or eight digits.
func (t *text) date(i int, offer func(int, float64, Reason)) {
	number := func(from, to int) int {
		n := 0
		for _, r := range t.runes[from:to] {
			if r < '0' || r > '9' {
				return -1
			}
			n = 10*n + int(r-'0')
		}
		return n
	}
	day := func(m, d int) bool { return 1 <= m && m <= 12 && 1 <= d && d <= 31 }
	if i+4 > len(t.runes) {
		return
	}
	isYear := func(y int) bool { return 1900 <= y && y < 2060 }
	if isYear(number(i, i+4)) {
		offer(i+4, 6.6, Pattern)
	}
	if t.separated(i, isYear) {
		offer(i+10, 15.5, Pattern)
	}
	for _, size := range []int{6, 8} {
		if i+size > len(t.runes) || number(i, i+size) < 0 {
			continue
		}
		first, second := number(i, i+2), number(i+2, i+4)
		tail := number(i+size-4, i+size)
		switch {
		case day(tail/100, tail%100) && (size == 6 || isYear(number(i, i+4))), // (yy)yymmdd
			(day(first, second) || day(second, first)) && (size == 6 || isYear(tail)): // mmdd(yy)yy, ddmm(yy)yy
			offer(i+size, 14.5, Pattern)
		}
	}
}

// separated reports whether 1998-04-23 or 23.04.1998 starts at i.
func (t *text) separated(i int, isYear func(int) bool) bool {
	if i+10 > len(t.runes) {
		return false
	}
	shape := [10]byte{}
	year := [2]int{}
	for k, r := range t.runes[i : i+10] {
		switch {
		case '0' <= r && r <= '9':
			shape[k] = 'd'
			if k < 4 {
				year[0] = 10*year[0] + int(r-'0')
			}
			if k > 5 {
				year[1] = 10*year[1] + int(r-'0')
			}
		case r == '-' || r == '.' || r == '/' || r == ' ':
			shape[k] = '-'
		}
	}
	return string(shape[:]) == "dddd-dd-dd" && isYear(year[0]) || string(shape[:]) == "dd-dd-dddd" && isYear(year[1])
}

// longestPeriod is how long a piece may be whose repetition is noticed.
const longestPeriod = 128

// repeats knows for each period how far the text goes on repeating itself.
type repeats struct {
	runs [][]int // [period][i]: how many characters from i on equal those one period before
}

func newRepeats(r []rune) repeats {
	n := len(r)
	periods := min(longestPeriod, n-1)
	x := repeats{runs: make([][]int, max(0, periods)+1)}
	for p := 1; p <= periods; p++ {
		run := make([]int, n+1)
		for i := n - 1; i >= p; i-- {
			if r[i] == r[i-p] {
				run[i] = run[i+1] + 1
			}
		}
		x.runs[p] = run
	}
	return x
}

// at offers "the same again": from i on, as often as it goes. Repeating costs a guesser next to nothing, whatever was repeated.
func (x repeats) at(i int, offer func(int, float64, Reason)) {
	for p := 1; p < len(x.runs); p++ {
		run := x.runs[p][i]
		if run == 0 || p > 1 && run < 3 {
			continue
		}
		offer(i+run, 2+math.Log2(1+float64(run)/float64(p)), Pattern)
		if whole := run / p * p; whole > 0 && whole < run {
			offer(i+whole, 2+math.Log2(1+float64(whole)/float64(p)), Pattern)
		}
	}
}

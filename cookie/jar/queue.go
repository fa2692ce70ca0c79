package jar

import "container/heap"

// A queue has the entry that was used longest ago in front: that goes first when the jar is full.
//
// It is a heap whose keys may be older than the uses they stand for, so that sending a cookie costs nothing here; the front
// is put right when it is asked for.
type queue []*entry

func (q *queue) oldest() *entry {
	for len(*q) > 0 {
		e := (*q)[0]
		if e.key.Equal(e.Accessed) {
			return e
		}
		e.key = e.Accessed
		heap.Fix(q, 0)
	}
	return nil
}

func (q *queue) add(e *entry) {
	e.key = e.Accessed
	heap.Push(q, e)
}

func (q *queue) remove(e *entry) { heap.Remove(q, e.place) }

// Len, Less, Swap, Push and Pop are for package heap.
func (q queue) Len() int { return len(q) }

func (q queue) Less(i, k int) bool {
	if d := q[i].key.Compare(q[k].key); d != 0 {
		return d < 0
	}
	return q[i].order < q[k].order
}

func (q queue) Swap(i, k int) {
	q[i], q[k] = q[k], q[i]
	q[i].place, q[k].place = i, k
}

func (q *queue) Push(x any) {
	e := x.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}

func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}

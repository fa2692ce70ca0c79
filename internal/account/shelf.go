package account

import "encoding/binary"

// shelf holds many small things, one after the other in few large boards. To the garbage collector it is those few, in which it has nothing to look
// for: ten thousand accounts of their own, with pointers to them, made each collection half as long again.
//
// What is dropped leaves a gap. Whoever uses a shelf moves what is left to a new one when wasteful says so.
type shelf struct {
	boards     [][]byte
	used, gaps int // bytes
}

// place is where something is: the number of the board, and the offset there in 16 bits.
type place uint32

const (
	boardSize = 1 << 15
	maxThing  = boardSize / 4 // so that no board is left much emptier than that
)

// put copies b to the shelf. It is not ok if b is too large for it.
func (s *shelf) put(b []byte) (p place, ok bool) {
	size := 2 + len(b)
	if size > maxThing {
		return 0, false
	}
	last := len(s.boards) - 1
	if last < 0 || len(s.boards[last])+size > boardSize {
		s.boards = append(s.boards, make([]byte, 0, boardSize))
		last++
	}
	board := s.boards[last]
	p = place(last<<16 | len(board))
	board = binary.LittleEndian.AppendUint16(board, uint16(len(b)))
	s.boards[last] = append(board, b...)
	s.used += size
	return p, true
}

// at returns what is at a place. It is the shelf's: whoever wants to keep it copies it.
func (s *shelf) at(p place) []byte {
	b := s.boards[p>>16][p&0xffff:]
	return b[2 : 2+binary.LittleEndian.Uint16(b)]
}

// drop gives up what is at a place.
func (s *shelf) drop(p place) { s.gaps += 2 + len(s.at(p)) }

// wasteful tells whether more than half of it, and more than a board, is gaps.
func (s *shelf) wasteful() bool { return s.gaps > boardSize && s.gaps > s.used/2 }

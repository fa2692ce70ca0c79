package password

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// order is a line of JSON to a process that hashes. Who writes it has checked the costs.
type order struct {
	ID             uint64
	Params         Params
	Size           uint32
	Salt, Password []byte
}

// answer is a line of JSON of a process that hashes. Answers come in any order.
type answer struct {
	ID  uint64
	Sum []byte
}

// Work is the other side of a [Worker]: it hashes what comes from in, all at once, until in ends. The error is that of in or out, or of what is
// no order.
func Work(in io.Reader, out io.Writer) error {
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		answers = json.NewEncoder(out)
		failed  error
	)
	err := func() error {
		for orders := json.NewDecoder(in); ; {
			var o order
			switch err := orders.Decode(&o); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return fmt.Errorf("password: not an order: %w", err)
			case o.Params.Time < 1 || o.Params.Threads < 1 || o.Params.Memory > maxMemory || o.Size > maxSum:
				return fmt.Errorf("password: an order with costs outside their limits: %+v", o.Params)
			}
			running.Go(func() {
				sum := argon2id(o.Password, o.Salt, o.Params, o.Size)
				mu.Lock()
				defer mu.Unlock()
				if err := answers.Encode(answer{o.ID, sum}); err != nil && failed == nil {
					failed = err
				}
			})
		}
	}()
	running.Wait()
	return errors.Join(err, failed)
}

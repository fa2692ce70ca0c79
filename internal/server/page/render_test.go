package page

import (
	"io"
	"testing"
)

func TestRendersEveryView(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range everyView {
		if err := p.Render(io.Discard, v); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

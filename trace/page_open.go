package trace

import "golang.org/x/net/html/atom"

// breaksAround is how many line breaks stand before and after an element. Lists in lists stand close.
func (r *htmlReader) breaksAround(name atom.Atom) int {
	if n := int(kinds[name] & breaks); r.count[atom.Li] == 0 {
		return n
	} else {
		return min(n, 1)
	}
}

// inside returns the innermost open element of a name, nil if another one that fences it off is further in.
func (r *htmlReader) inside(name, fence atom.Atom) *element {
	if r.count[name] == 0 {
		return nil
	}
	for i := len(r.open) - 1; i >= 0 && r.open[i].name != fence; i-- {
		if r.open[i].name == name {
			return &r.open[i]
		}
	}
	return nil
}

// end closes an element, and those inside that nobody closed (HTML standard, section 13.2.6.4.7, "any other end tag").
func (r *htmlReader) end(name atom.Atom) {
	if name == atom.P && r.count[name] == 0 || name == atom.Br {
		r.w.end(1)
	}
	if r.count[name] == 0 {
		return
	}
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].name == name {
			r.close(i)
			return
		}
		if kinds[name]&block == 0 && kinds[r.open[i].name]&block != 0 {
			return
		}
	}
}

// endImplied closes an element whose end tag may be left out, unless a list or a table that is open is newer.
func (r *htmlReader) endImplied(name atom.Atom) {
	if r.count[name] == 0 {
		return
	}
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].name == name {
			r.close(i)
			return
		}
		if kinds[r.open[i].name]&fence != 0 {
			return
		}
	}
}

func (r *htmlReader) push(e element) {
	r.open = append(r.open, e)
	r.count[e.name]++
	r.w.indent += e.indent
	if e.hides {
		r.hidden++
	}
	if e.pre {
		r.pre++
	}
}

// close ends all elements from the i-th on.
func (r *htmlReader) close(i int) {
	for len(r.open) > i {
		e := r.open[len(r.open)-1]
		r.open = r.open[:len(r.open)-1]
		r.count[e.name]--
		r.w.indent -= e.indent
		if e.hides {
			r.hidden--
		}
		if e.pre {
			r.pre--
		}
		r.forms.end(e.name)
		if r.hidden > 0 || e.hides {
			continue
		}
		if e.link > 0 {
			r.endLink(&e)
		}
		switch {
		case e.name == atom.Tr:
			r.w.endRow()
		case kinds[e.name]&breaks != 0:
			if e.name == atom.Li || kinds[e.name]&heading != 0 {
				r.w.bullet = "" // nothing stood after it
			}
			r.w.end(r.breaksAround(e.name))
		}
	}
}

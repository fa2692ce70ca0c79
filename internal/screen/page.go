package screen

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/trace"
)

// firstLines is how much of a page is shown of it unless all of it is wanted.
const firstLines = 12

// Page prints a document as a person reads it: its beginning, or all of it with its links and forms.
func (s *Screen) Page(p *trace.Page, whole bool) {
	if p == nil {
		return
	}
	title := cmp.Or(p.Title, "Page")
	kind := Fit(p.Type, 30)
	title = Fit(title, s.width()-Columns(kind)-2)
	s.put(s.paint(Pad(title, s.width()-Columns(kind)), Strong) + s.paint(kind, Faint))
	lines := s.pageLines(p.Text, whole)
	if !whole && len(lines) > firstLines+1 { // one line more costs no more than to say so
		more := len(lines) - firstLines
		for _, line := range lines[:firstLines] {
			s.put(line)
		}
		s.put("  " + s.paint("… "+strings.Join(compact(count(more, "line")+" more", some(len(p.Links), "link"), some(len(p.Forms), "form")), ", ")+": --page", Faint))
		return
	}
	for _, line := range lines {
		s.put(line)
	}
	if whole {
		s.links(p.Links)
		s.forms(p.Forms)
	}
}

func some(n int, noun string) string {
	if n == 0 {
		return ""
	}
	return count(n, noun)
}

func compact(texts ...string) (all []string) {
	for _, t := range texts {
		if t != "" {
			all = append(all, t)
		}
	}
	return all
}

// pageLines breaks paragraphs into lines and puts the cells of tables under each other. Words stay whole if keep is true.
func (s *Screen) pageLines(text string, keep bool) (lines []string) {
	paragraphs := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(paragraphs); {
		if !strings.Contains(paragraphs[i], "\t") {
			lines = append(lines, s.paragraph(paragraphs[i], keep)...)
			i++
			continue
		}
		from := i
		for i < len(paragraphs) && strings.Contains(paragraphs[i], "\t") {
			i++
		}
		lines = append(lines, s.rows(paragraphs[from:i], keep)...)
	}
	return lines
}

// paragraph keeps the space in front, also on the lines that follow. Words that are kept whole may be wider than the screen:
// somebody wants to copy a URL. Of wide characters each is a word.
func (s *Screen) paragraph(text string, keep bool) []string {
	bare := strings.TrimLeft(text, " ")
	first := "  " + text[:min(len(text)-len(bare), 40)]
	bare = Printable(bare)
	hang := first
	for _, bullet := range []string{"- ", "# ", "## ", "### "} {
		if strings.HasPrefix(bare, bullet) {
			hang += strings.Repeat(" ", len(bullet))
		}
	}
	if n := strings.Index(bare, ". "); n > 0 && n < 5 && strings.Trim(bare[:n], "0123456789") == "" {
		hang += strings.Repeat(" ", n+2)
	}
	if Columns(first)+Columns(bare) <= s.width() {
		return []string{s.marked(first + bare)}
	}
	var lines []string
	line, empty := first, true
	for word := range strings.FieldsSeq(bare) {
		n, at := Columns(word), Columns(line)
		divisible := !keep || n > utf8.RuneCountInString(word)
		if !empty && at+1+n > s.width() && !(divisible && Columns(hang)+n > s.width()) {
			lines = append(lines, s.marked(line))
			line, empty, at = hang, true, Columns(hang)
		}
		if !empty {
			line += " "
			at++
		}
		for divisible && at+n > s.width() {
			cut := Cut(word, s.width()-at)
			lines = append(lines, s.marked(strings.TrimRight(line+word[:cut], " ")))
			n -= Columns(word[:cut])
			line, word, at = hang, word[cut:], Columns(hang)
		}
		line += word
		empty = false
	}
	return append(lines, s.marked(line))
}

// marked is a line of a page, a heading in its style.
func (s *Screen) marked(line string) string {
	if strings.HasPrefix(strings.TrimLeft(line, " "), "#") {
		return s.paint(line, Strong)
	}
	return line
}

// rows puts cells under each other if all of them fit, and else beside each other.
func (s *Screen) rows(rows []string, keep bool) (lines []string) {
	var widths []int
	table := make([][]string, len(rows))
	for i, row := range rows {
		for j, cell := range strings.Split(row, "\t") {
			cell = Printable(strings.TrimSpace(cell))
			table[i] = append(table[i], cell)
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = max(widths[j], Columns(cell))
		}
	}
	wide := 0
	for _, w := range widths {
		wide += w + 2
	}
	for _, cells := range table {
		if wide > s.width() {
			lines = append(lines, s.paragraph(strings.Join(compact(cells...), " | "), keep)...)
			continue
		}
		line := "  "
		for j, cell := range cells {
			line += Pad(cell, widths[j]+2)
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

func (s *Screen) links(links []trace.Link) {
	if len(links) == 0 {
		return
	}
	s.Gap()
	s.put(s.paint("Links", Strong))
	column := Columns("  [] ") + len(strconv.Itoa(len(links)))
	for _, l := range links {
		label := Pad(fmt.Sprintf("  [%d]", l.N), column)
		text := Fit(l.Text, s.width()-column)
		if url := Printable(l.URL); text == "" {
			s.put(s.paint(label, Faint) + url)
		} else if column+Columns(text)+2+Columns(url) <= s.width() {
			s.put(s.paint(label, Faint) + text + "  " + s.paint(url, Faint))
		} else {
			s.put(s.paint(label, Faint) + text)
			s.put(strings.Repeat(" ", column) + s.paint(url, Faint))
		}
	}
}

func (s *Screen) forms(forms []trace.Form) {
	for i := range forms {
		f := &forms[i]
		s.Gap()
		s.Row(0, Span{fmt.Sprintf("Form %d", f.N), Strong}, 8, Span{Text: "sends by " + f.Method + " to"}, Span{Text: f.Action})
		names := 0
		for _, in := range f.Inputs {
			names = max(names, Columns(Fit(in.Name, maxName)))
		}
		for _, in := range f.Inputs {
			says := in.Type
			if in.NotChosen {
				says += ", not chosen"
			}
			if in.Value != "" {
				says += ": " + in.Value
			}
			s.Row(2, Span{Text: Fit(in.Name, maxName)}, 2+names+2, Span{Text: says})
		}
	}
}

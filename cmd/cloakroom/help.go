package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

const (
	helpWidth  = 80 // of the smallest terminal that is still around; 24 lines is its height
	helpColumn = 31 // where the second column begins at the latest
)

// printHelp prints what -h says, in two columns that fit a screen of 80 by 24: kong's own has three lines a flag.
func printHelp(_ kong.HelpOptions, ctx *kong.Context) error {
	node, summary := ctx.Selected(), ""
	if node == nil {
		node, summary = ctx.Model.Node, ctx.Model.Name+ctx.Model.Summary()
	} else {
		summary = ctx.Model.Name + " " + node.Summary()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n", summary)
	for _, text := range []string{node.Help, node.Detail} {
		for _, line := range wrap(text, helpWidth) {
			fmt.Fprintln(&b, line)
		}
	}
	if flag := exampleFlag(node); flag != "" {
		fmt.Fprintf(&b, "Each flag has an environment twin: --%s is %s.\n", flag, envTwin(flag))
	}
	b.WriteByte('\n')
	if len(node.Children) > 0 {
		helpCommands(&b, ctx.Model.Name, node)
	} else {
		helpFlags(&b, node)
	}
	_, err := io.WriteString(ctx.Stdout, b.String())
	return err
}

func helpCommands(b *strings.Builder, program string, node *kong.Node) {
	var rows [][2]string
	for _, cmd := range node.Children {
		if !cmd.Hidden {
			rows = append(rows, [2]string{cmd.Name, cmd.Help})
		}
	}
	twoColumns(b, rows)
	if path := node.Path(); node.Parent != nil {
		program += " " + path
	}
	fmt.Fprintf(b, "\n%s <command> -h says more.\n", program)
}

func helpFlags(b *strings.Builder, node *kong.Node) {
	var rows [][2]string
	for _, arg := range node.Positional {
		rows = append(rows, [2]string{arg.Summary(), arg.Help})
	}
	var groups []string
	inGroup := map[string][]*kong.Flag{}
	for _, flag := range node.Flags {
		switch {
		case !listed(flag):
		case flag.Group != nil:
			title := flag.Group.Title
			if inGroup[title] == nil {
				groups = append(groups, title)
			}
			inGroup[title] = append(inGroup[title], flag)
		default:
			rows = append(rows, [2]string{flagForm(flag), flag.Help})
		}
	}
	twoColumns(b, rows)
	for _, title := range groups {
		fmt.Fprintf(b, "%s\n", title)
		helpGroup(b, title, inGroup[title])
	}
}

// helpGroup prints the flags of a group with a line on each, or beside each other if the title says all: "As in curl:", "For --request:".
func helpGroup(b *strings.Builder, title string, flags []*kong.Flag) {
	var rows [][2]string
	var forms []string
	for _, flag := range flags {
		rows = append(rows, [2]string{flagForm(flag), flag.Help})
		forms = append(forms, shortForm(flag))
	}
	if strings.HasPrefix(title, "As in ") || strings.HasPrefix(title, "For ") {
		helpForms(b, forms)
		return
	}
	twoColumns(b, rows)
}

// helpForms prints flags that people know from elsewhere, beside each other and without a word on each.
func helpForms(b *strings.Builder, forms []string) {
	line := ""
	for _, form := range forms {
		if line != "" && utf8.RuneCountInString(line)+2+utf8.RuneCountInString(form) > helpWidth {
			fmt.Fprintln(b, line)
			line = ""
		}
		line += "  " + form
	}
	fmt.Fprintln(b, line)
}

// shortForm shows a flag as it is known elsewhere.
func shortForm(flag *kong.Flag) string {
	known := *flag.Value
	if len(flag.Aliases) > 0 {
		known.Name = flag.Aliases[0]
	}
	named := *flag
	named.Value = &known
	form := flagForm(&named)
	if flag.Short != 0 {
		form = "-" + string(flag.Short) + ", " + form
	}
	return form
}

func listed(flag *kong.Flag) bool { return !flag.Hidden && flag.Name != "help" }

// exampleFlag is the flag that shows how environment twins are spelt: a short one of several words. It is "" if there are no
// flags.
func exampleFlag(node *kong.Node) string {
	name := ""
	for _, flag := range node.Flags {
		several, had := strings.Contains(flag.Name, "-"), strings.Contains(name, "-")
		if listed(flag) && slices.Contains(flag.Envs, envTwin(flag.Name)) && (name == "" || several && (!had || len(flag.Name) < len(name))) {
			name = flag.Name
		}
	}
	return name
}

// envTwin is the environment variable that stands for a flag.
func envTwin(flag string) string {
	return "CLOAKROOM_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(flag))
}

// flagForm shows a flag with its default, or with the kind of value that it takes.
func flagForm(flag *kong.Flag) string {
	switch {
	case flag.IsBool():
		return "--" + flag.Name
	case flag.PlaceHolder != "":
		return "--" + flag.Name + "=" + flag.PlaceHolder
	case flag.Default != "":
		return "--" + flag.Name + "=" + flag.Default
	}
	return "--" + flag.Name + "=" + strings.ToUpper(flag.Name)
}

func twoColumns(b *strings.Builder, rows [][2]string) {
	column := 0
	for _, row := range rows {
		if w := 2 + utf8.RuneCountInString(row[0]) + 2; w <= helpColumn {
			column = max(column, w)
		}
	}
	for _, row := range rows {
		left := "  " + row[0]
		for i, line := range wrap(row[1], helpWidth-column) {
			if i == 0 && utf8.RuneCountInString(left)+2 > column {
				fmt.Fprintln(b, left)
				left = ""
			}
			fmt.Fprintln(b, left+strings.Repeat(" ", column-utf8.RuneCountInString(left))+line)
			left = ""
		}
	}
}

// wrap breaks a text into lines of at most width characters, between words.
func wrap(text string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last >= 0 && utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) <= width {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

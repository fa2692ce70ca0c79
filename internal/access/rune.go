package access

// lookalike returns the ASCII character that some systems read r as, where it has a meaning in a path (Unicode compatibility forms, best-fit code
// pages); else r. It is -1 for what some leave out.
func lookalike(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case 0xff01 <= r && r <= 0xff5e: // full width
		return r - 0xff01 + '!'
	case r == 0xa0 || 0x2000 <= r && r < 0x200b || r == 0x202f || r == 0x205f || r == 0x3000:
		return ' '
	case vanishes(r):
		return -1
	}
	switch r {
	case '\u2024', '\u2025', '\u2026', '\u3002', '\ufe19', '\ufe30', '\ufe52', '\uff61':
		return '.'
	case '\u2044', '\u2215', '\u29f8':
		return '/'
	case '\u2216', '\u29f5', '\ufe68':
		return '\\'
	case '\u037e', '\ufe14', '\ufe54':
		return ';'
	case '\u2047', '\u2048', '\u2049', '\ufe16', '\ufe56':
		return '?'
	case '\ufe5f':
		return '#'
	case '\u066a', '\ufe6a':
		return '%'
	}
	return r
}

// vanishes tells what nobody sees, or what is left out with the accents.
func vanishes(r rune) bool {
	return r == 0xad || 0x300 <= r && r < 0x370 || r == 0x61c || 0x115f <= r && r < 0x1161 || 0x17b4 <= r && r < 0x17b6 || 0x180b <= r && r < 0x1810 ||
		0x200b <= r && r < 0x2010 || 0x202a <= r && r < 0x202f || 0x2060 <= r && r < 0x2070 || r == 0x3164 ||
		0xfe00 <= r && r < 0xfe10 || r == 0xfeff || r == 0xffa0 || 0xfff0 <= r && r < 0xfff9 || r >= 0xe0000
}

// isLookalike tells the characters that are another form of ASCII ones, or vanish: punctuation, full-width and mathematical letters, combining marks,
// and what nobody sees.
func isLookalike(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r < 0xc0: // signs of Latin-1, and controls
		return true
	case r < 0x2b0:
		return isTwoLetters(r)
	case r < 0x370: // modifiers and combining marks
		return true
	}
	return vanishes(r) || lookalike(r) < 0x80 ||
		0x1ab0 <= r && r < 0x1b00 || 0x1d00 <= r && r < 0x1e00 || r == 0x1e9a || r == 0x1e9e || 0x1fbd <= r && r < 0x2e80 && !isGreek(r) ||
		0x3000 <= r && r < 0x3040 || r == 0x309b || r == 0x309c || 0x3130 <= r && r < 0x3400 || 0xa69c <= r && r < 0xa6a0 || 0xa700 <= r && r < 0xa800 || 0xab30 <= r && r < 0xab70 ||
		0xe000 <= r && r < 0x10000 || 0x10780 <= r && r < 0x107c0 || 0x1bc00 <= r && r < 0x1d800 || 0x1e000 <= r && r < 0x1e100 ||
		0x1ee00 <= r && r < 0x1ef00 || 0x1f100 <= r && r < 0x1f300 || 0x1fbf0 <= r && r < 0x1fbfa
}

func isGreek(r rune) bool { return 0x1fc2 <= r && r < 0x1ffd && r != 0x1fef }

// isTwoLetters tells the letters that are written as two where they are not at hand.
func isTwoLetters(r rune) bool {
	switch r {
	case 'ß', 'æ', 'Æ', 'œ', 'Œ', 'ĳ', 'Ĳ', 'ŉ', 'ŀ', 'Ŀ', 'þ', 'Þ', 'ð', 'Ð', 'ø', 'Ø':
		return true
	}
	return 0x1c4 <= r && r < 0x1cd || 0x1f1 <= r && r < 0x1f4
}

// mayBeLatin tells the letters that a code page may turn into one of ASCII: é into e.
func mayBeLatin(r rune) bool { return r >= 0x80 && r < 0x530 || 0x1e00 <= r && r < 0x2000 }

package trace

import (
	"bufio"
	"io"
	"net/netip"
	"os"
	"strings"
)

// maxSystemFile is how much of a file of the system is read.
const maxSystemFile = 1 << 20

// eachLine calls f with the words of every line of a file of the system, without comments. A file that cannot be read has none.
func eachLine(path, comments string, f func(words []string)) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }() // only read
	lines := bufio.NewScanner(io.LimitReader(file, maxSystemFile))
	for lines.Scan() {
		line := lines.Text()
		if i := strings.IndexAny(line, comments); i >= 0 {
			line = line[:i]
		}
		if words := strings.Fields(line); len(words) > 1 {
			f(words)
		}
	}
}

// hostsFile returns the addresses that the hosts file gives a name, in order.
func hostsFile(path, name string) (addrs []netip.Addr) {
	eachLine(path, "#", func(words []string) {
		addr, err := netip.ParseAddr(words[0])
		if err != nil {
			return
		}
		for _, w := range words[1:] {
			if strings.EqualFold(strings.TrimSuffix(w, "."), name) && len(addrs) < maxAddresses {
				addrs = append(addrs, addr.Unmap())
				return
			}
		}
	})
	return addrs
}

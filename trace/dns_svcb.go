package trace

import (
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// The registered names of the parameters; others are written as key and their number.
var paramNames = map[dnsmessage.SVCParamKey]string{
	dnsmessage.SVCParamMandatory:     "mandatory",
	dnsmessage.SVCParamALPN:          "alpn",
	dnsmessage.SVCParamNoDefaultALPN: "no-default-alpn",
	dnsmessage.SVCParamPort:          "port",
	dnsmessage.SVCParamIPv4Hint:      "ipv4hint",
	dnsmessage.SVCParamECH:           "ech",
	dnsmessage.SVCParamIPv6Hint:      "ipv6hint",
}

func paramName(key dnsmessage.SVCParamKey) string {
	if name, ok := paramNames[key]; ok {
		return name
	}
	return "key" + strconv.Itoa(int(key))
}

// bindingText writes an HTTPS record as zone files do (RFC 9460 section 2.1).
func bindingText(s *dnsmessage.HTTPSResource) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(int(s.Priority)) + " " + s.Target.String())
	for _, p := range s.Params {
		b.WriteString(" " + paramName(p.Key))
		if len(p.Value) > 0 {
			b.WriteString("=" + paramText(p))
		}
	}
	return b.String()
}

func paramText(p dnsmessage.SVCParam) string {
	v := p.Value
	var items []string
	switch p.Key {
	case dnsmessage.SVCParamALPN:
		for len(v) > 0 && int(v[0]) < len(v) {
			items, v = append(items, string(v[1:1+v[0]])), v[1+v[0]:]
		}
	case dnsmessage.SVCParamMandatory:
		for ; len(v) >= 2; v = v[2:] {
			items = append(items, paramName(dnsmessage.SVCParamKey(binary.BigEndian.Uint16(v))))
		}
	case dnsmessage.SVCParamPort:
		if len(v) == 2 {
			return strconv.Itoa(int(binary.BigEndian.Uint16(v)))
		}
	case dnsmessage.SVCParamIPv4Hint, dnsmessage.SVCParamIPv6Hint:
		size := 4
		if p.Key == dnsmessage.SVCParamIPv6Hint {
			size = 16
		}
		for ; len(v) >= size; v = v[size:] {
			addr, _ := netip.AddrFromSlice(v[:size]) // of a length that it knows
			items = append(items, addr.String())
		}
	default: // ech, and what is not known yet
		return base64.StdEncoding.EncodeToString(v)
	}
	if len(v) > 0 {
		return excerpt(p.Value)
	}
	return strings.Join(items, ",")
}

package trace

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

func describe(c *x509.Certificate, now time.Time) Certificate {
	d := Certificate{
		Subject:   c.Subject.String(),
		Issuer:    c.Issuer.String(),
		Names:     certificateNames(c),
		NotBefore: c.NotBefore,
		NotAfter:  c.NotAfter,
		DaysLeft:  int(math.Floor(c.NotAfter.Sub(now).Hours() / 24)),
		Signature: c.SignatureAlgorithm.String(),
	}
	switch k := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		d.Key = "ECDSA " + k.Curve.Params().Name
	case *rsa.PublicKey:
		d.Key = fmt.Sprintf("RSA %d", k.N.BitLen())
	case ed25519.PublicKey:
		d.Key = "Ed25519"
	default:
		d.Key = c.PublicKeyAlgorithm.String()
	}
	return d
}

func certificateNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// judge says why a chain is not trusted for host, or returns nil. It looks at dates, name and authority apart, since a
// certificate may be wrong in several ways; the first gives the reason, and the detail names all.
func judge(chain []*x509.Certificate, roots *x509.CertPool, host string, now time.Time) *Failure {
	if len(chain) == 0 {
		return failf(PhaseTLS, "certificate-missing", "the server needs one", "the server showed no certificate")
	}
	var all []*Failure
	leaf := chain[0]
	inForce := now
	switch {
	case now.After(leaf.NotAfter):
		inForce = leaf.NotAfter
		all = append(all, failf(PhaseTLS, "certificate-expired", "the server needs a new one; if it is new, check this machine's clock",
			"the certificate expired on %s, %s ago", day(leaf.NotAfter), days(now.Sub(leaf.NotAfter))))
	case now.Before(leaf.NotBefore):
		inForce = leaf.NotBefore
		all = append(all, failf(PhaseTLS, "certificate-not-yet-valid", "check this machine's clock",
			"the certificate is valid from %s, in %s", day(leaf.NotBefore), days(leaf.NotBefore.Sub(now))))
	}
	if leaf.VerifyHostname(host) != nil {
		all = append(all, failf(PhaseTLS, "certificate-name", "check the host in the URL; if it is right, the server shows the wrong certificate",
			"the certificate is for %s and not for %s", someOf(certificateNames(leaf)), host))
	}
	if f := judgeAuthority(chain, roots, inForce); f != nil {
		all = append(all, f)
	}
	if len(all) == 0 {
		return nil
	}
	for _, also := range all[1:] {
		all[0].Detail += "; also, " + also.Detail
	}
	return all[0]
}

// judgeAuthority builds the chain to a root, at a time when the server's own certificate was in force.
func judgeAuthority(chain []*x509.Certificate, roots *x509.CertPool, at time.Time) *Failure {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at})
	if err == nil {
		return nil
	}
	var (
		f       = &Failure{Phase: PhaseTLS, Reason: "certificate-untrusted", Err: err}
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		noRoots x509.SystemRootsError
	)
	switch leaf := chain[0]; {
	case errors.As(err, &noRoots):
		f.Detail, f.Hint = "this machine has no list of trusted authorities", "install ca-certificates, or name a file of roots"
	case errors.As(err, &unknown) && leaf.Subject.String() == leaf.Issuer.String():
		f.Detail, f.Hint = "the certificate is signed by itself and not by an authority", "-k goes on without trust"
	case errors.As(err, &unknown) && len(chain) == 1:
		f.Detail = "the certificate's authority, " + excerpt(leaf.Issuer.String()) + ", is not known"
		f.Hint = "the server may have forgotten its intermediate certificate; -k goes on without trust"
	case errors.As(err, &unknown):
		f.Detail = "the chain ends at " + excerpt(chain[len(chain)-1].Issuer.String()) + ", which is not known"
		f.Hint = "is it an authority of a company? -k goes on without trust"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		f.Reason = "certificate-expired"
		f.Detail = "a certificate of the chain, " + excerpt(invalid.Cert.Subject.String()) + ", is valid from " + day(invalid.Cert.NotBefore) + " to " + day(invalid.Cert.NotAfter)
		f.Hint = "the server needs a new chain"
	default:
		f.Detail = "the chain does not hold: " + strings.TrimPrefix(err.Error(), "x509: ")
		f.Hint = "the server needs another certificate; -k goes on without trust"
	}
	return f
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func days(d time.Duration) string {
	switch n := int(d.Hours() / 24); n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}

// someOf lists a few names.
func someOf(names []string) string {
	const most = 5
	switch n := len(names); {
	case n == 0:
		return "no name at all"
	case n > most:
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(names, ", ")
}

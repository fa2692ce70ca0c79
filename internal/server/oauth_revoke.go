package server

import "net/http"

// oauthRevoke ends the session of a token (RFC 7009). It is 200 also for a token that we do not know. The hint of the token's type is not needed, and a
// wrong one does no harm (section 2.1).
func (s *Server) oauthRevoke(w http.ResponseWriter, r *http.Request) error {
	form, err := oauthForm(r)
	if err != nil {
		return err
	}
	client, err := s.anyClient(r, form)
	if err != nil {
		return err
	}
	if form.Get("token") == "" {
		return badRequest("The parameter token is missing.")
	}
	if err := s.app.Revoke(r.Context(), form.Get("token"), client, s.program(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

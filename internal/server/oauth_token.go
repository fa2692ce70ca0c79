package server

import (
	"net/http"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// oauthToken trades a refresh token for its successor (RFC 6749 section 6).
func (s *Server) oauthToken(w http.ResponseWriter, r *http.Request) error {
	form, err := oauthForm(r)
	if err != nil {
		return err
	}
	switch form.Get("grant_type") {
	case "refresh_token":
	case "":
		return badRequest("The parameter grant_type is missing.")
	default:
		return &oauthError{"unsupported_grant_type", "Only refresh_token is supported.", guard.UnsupportedGrantType, http.StatusBadRequest}
	}
	client, err := s.anyClient(r, form)
	if err != nil {
		return err
	}
	if form.Get("refresh_token") == "" {
		return badRequest("The parameter refresh_token is missing.")
	}
	t, err := s.app.Refresh(r.Context(), form.Get("refresh_token"), client, form.Get("scope"), s.program(r))
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, tokenBody(t))
}

// refusedGrant is the answer to a refresh token that is not good, and how the session ended that it belongs to. Of a token of another client it says what
// it says of one that nobody has.
func refusedGrant(refused *grant.RefreshError) (*oauthError, session.Reason) {
	reason, ending := guard.TokenUnknown, session.Reason(refused.Family.EndReason)
	switch {
	case refused.Reason == grant.Reused:
		reason = guard.TokenReused
	case refused.Reason == grant.Expired, refused.Reason == grant.Ended && ending == session.Lifetime:
		reason, ending = guard.TokenExpired, session.Lifetime
	case refused.Reason == grant.Ended:
		reason = guard.TokenEnded
	}
	sentence := guard.Sentence(ending) // which says more, if there is one
	if sentence == "" {
		sentence = guard.Sentence(reason)
	}
	return &oauthError{"invalid_grant", sentence, reason, http.StatusBadRequest}, ending
}

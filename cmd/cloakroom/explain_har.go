package main

import "github.com/cloakroom/cloakroom/internal/explain"

func (s *reportScreen) har(h *explain.HAR) {}

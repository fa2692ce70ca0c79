# Each target is one command that could be typed. `make` shows them.
.PHONY: help run tour test quick fmt lint tidy cover bench fuzz build clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

run:   ## a server on http://localhost:8080 that anyone may sign up to
	go run ./cmd/cloakroom serve --signup open

tour:  ## four ways of being remembered, used and attacked
	go run ./cmd/cloakroom tour

test:  ## everything, as the CI runs it; skips what this machine lacks
	./test

quick: ## all tests, without the race detector and the linters
	go test ./...

fmt:   ## format every file
	gofmt -w .

lint:  ## vet and staticcheck
	go vet ./... && go tool -modfile=go.tool.mod staticcheck ./...

tidy:  ## what `go mod tidy` would change
	go mod tidy -diff

cover: ## which lines the tests reach
	go test -coverprofile=coverage.out ./... && go tool cover -func=coverage.out

bench: ## the budgets beside their peers
	cd bench && go test -run '^$$' -bench . ./...

fuzz:  ## one fuzzer for 20 s: make fuzz PKG=./guard FUZZ=FuzzAuthorization
	go test -run '^$$' -fuzz '^$(FUZZ)$$' -fuzztime 20s $(PKG)

build: ## the binary, stripped, without cgo
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o cloakroom ./cmd/cloakroom

clean: ## the binary and the coverage
	rm -f cloakroom coverage.out

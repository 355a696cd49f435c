package oauth

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/keys"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/token"
)

// Deps are what a Service needs.
type Deps struct {
	Store   *store.DB
	Catalog *catalog.Catalog
	Tokens  *token.Service
	Keys    *keys.Cache
	// PublicURL is the address under which clients reach the server.
	PublicURL string
	Log       *slog.Logger
}

// Service serves the public documents of pools.
type Service struct{ deps Deps }

// New returns a Service.
func New(d Deps) *Service { return &Service{deps: d} }

// discovery is the document of a pool without a domain. Members are in AWS's alphabetical
// order. The authorize, token, userInfo, revoke and logout endpoints belong to a pool's
// domain; what is not served is not advertised.
type discovery struct {
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	Issuer            string   `json:"issuer"`
	JWKSURI           string   `json:"jwks_uri"`
	ResponseTypes     []string `json:"response_types_supported"`
	Scopes            []string `json:"scopes_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
}

// Discovery answers the pool's OpenID configuration. The pool id is the path value "pool".
func (s *Service) Discovery(w http.ResponseWriter, r *http.Request) {
	pool, ok := s.pool(w, r)
	if !ok {
		return
	}
	// The keys are always found here, also when the issuer is AWS's and leads elsewhere.
	document, err := json.Marshal(discovery{
		SigningAlgorithms: []string{"RS256"},
		Issuer:            s.deps.Tokens.Issuer(pool),
		JWKSURI:           s.deps.PublicURL + "/" + pool.ID() + "/.well-known/jwks.json",
		ResponseTypes:     []string{"code", "token"},
		Scopes:            []string{"openid", "email", "phone", "profile"},
		SubjectTypes:      []string{"public"},
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	write(w, http.StatusOK, document)
}

// JWKS answers the pool's two signing keys. The pool id is the path value "pool".
func (s *Service) JWKS(w http.ResponseWriter, r *http.Request) {
	pool, ok := s.pool(w, r)
	if !ok {
		return
	}
	pair, err := s.deps.Keys.Pair(r.Context(), pool.Internal())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	write(w, http.StatusOK, keys.JWKS(pair.ID, pair.Access))
}

// Preflight answers a browser that asks before it reads a document from another origin.
func (s *Service) Preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "172800")
	w.WriteHeader(http.StatusNoContent)
}

// pool finds the pool that the path names, or answers that there is none.
func (s *Service) pool(w http.ResponseWriter, r *http.Request) (*catalog.Pool, bool) {
	pool, err := s.deps.Catalog.Pool(r.Context(), r.PathValue("pool"))
	if err == nil {
		return pool, true
	}
	refusal, known := errors.AsType[*fault.Error](err)
	if !known {
		s.fail(w, r, err)
		return nil, false
	}
	body, err := json.Marshal(map[string]string{"message": refusal.Message})
	if err != nil {
		s.fail(w, r, err)
		return nil, false
	}
	write(w, http.StatusNotFound, body)
	return nil, false
}

func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.deps.Log.ErrorContext(r.Context(), "public document failed", "path", r.URL.Path, "error", err)
	write(w, http.StatusInternalServerError, []byte(`{"message":"Internal error"}`))
}

func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if status == http.StatusOK {
		h.Set("Cache-Control", "public, max-age=3600")
	} else {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

package oauth

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

// Logo answers the image of a style of the classic login pages, at the address that
// UICustomization shows as ImageUrl. The path values are pool, style (a client id or ALL),
// version and file. An image never changes under its address.
func (s *Service) Logo(w http.ResponseWriter, r *http.Request) {
	pool, ok := s.pool(w, r)
	if !ok {
		return
	}
	name := r.PathValue("style")
	if name == "ALL" {
		name = catalog.StyleOfPool
	}
	style, err := catalog.Styles(s.deps.Store).Find(r.Context(), pool.Internal(), name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.fail(w, r, err)
		return
	}
	var image []byte
	if err == nil && style.Config.ImageVersion == r.PathValue("version") {
		image = style.Config.Image
	}
	extension, media := catalog.ImageType(image)
	if extension == "" || r.PathValue("file") != "image."+extension {
		write(w, http.StatusNotFound, []byte(`{"message":"There is no such image."}`))
		return
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(image)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	// Whatever hides in an image, a browser does not take it for a page.
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(image)
}

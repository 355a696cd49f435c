package catalog

import (
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// StyleOfPool is the name of a pool's own style of the classic login pages; those of
// clients are named by the client's id, which never has a star.
const StyleOfPool = "*"

// Style is how the classic login pages of a pool or a client look.
type Style struct {
	cognitoidp.UICustomizationType        // without ImageUrl
	Image                          []byte `json:",omitempty"` // PNG or JPEG
	// ImageVersion names the image in its address; it changes with it.
	ImageVersion string `json:",omitempty"`
}

// Styles is the table of styles.
func Styles(db *store.DB) store.Resources[Style] { return store.NewResources[Style](db, "ui") }

// ImageType returns the extension and the media type of a logo, empty where it is neither
// PNG nor JPEG.
func ImageType(image []byte) (extension, media string) {
	switch {
	case len(image) > 8 && string(image[:8]) == "\x89PNG\r\n\x1a\n":
		return "png", "image/png"
	case len(image) > 3 && string(image[:3]) == "\xff\xd8\xff":
		return "jpg", "image/jpeg"
	}
	return "", ""
}

package userpool

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/fault"
)

// defaultSettings is how login pages look that nobody customised: the published example of
// the guide ("Branding and customization with the API") in its structure and palette.
//
//go:embed branding_defaults.json
var defaultSettings api.Document

// settingsGroups are the members at the top of settings.
var settingsGroups = []string{"categories", "componentClasses", "components"}

// mergeSettings lays settings over others, member by member (RFC 7396: null takes a member
// away). The result is nil where nothing is left.
func mergeSettings(old, change api.Document) (api.Document, error) {
	base := map[string]any{}
	if old != nil {
		if err := json.Unmarshal(old, &base); err != nil {
			return nil, fmt.Errorf("userpool: settings cannot be read: %w", err)
		}
	}
	if change != nil {
		var over map[string]any
		if err := json.Unmarshal(change, &over); err != nil || over == nil {
			return nil, fault.InvalidParameter("Settings is not a JSON object.")
		}
		for name, group := range over {
			if !slices.Contains(settingsGroups, name) {
				return nil, fault.InvalidParameter("Settings has no member " + name + ".")
			}
			if _, object := group.(map[string]any); !object && group != nil {
				return nil, fault.InvalidParameter("The member " + name + " of Settings is not a JSON object.")
			}
		}
		merge(base, over)
	}
	if len(base) == 0 {
		return nil, nil
	}
	merged, err := json.Marshal(base)
	return merged, err
}

func merge(base, over map[string]any) {
	for name, value := range over {
		switch value := value.(type) {
		case nil:
			delete(base, name)
		case map[string]any:
			inner, ok := base[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
			}
			merge(inner, value)
			base[name] = inner
		default:
			base[name] = value
		}
	}
}

const maxAssets = 40

// mergeAssets puts assets into a list, each in the place of the one with its category,
// colour mode and resource id, if there is one.
func mergeAssets(old, change []cognitoidp.AssetType) ([]cognitoidp.AssetType, error) {
	out := slices.Clone(old)
	for i, a := range change {
		same := func(o cognitoidp.AssetType) bool { return assetKey(o) == assetKey(a) }
		if slices.ContainsFunc(change[:i], same) {
			return nil, fault.InvalidParameter("The asset " + string(*a.Category) + " appears more than once for " + string(*a.ColorMode) + ".")
		}
		at := slices.IndexFunc(out, same)
		if a.Bytes == nil && at >= 0 {
			a.Bytes = out[at].Bytes
		}
		if err := checkAsset(a); err != nil {
			return nil, err
		}
		if at >= 0 {
			out[at] = a
		} else {
			out = append(out, a)
		}
	}
	if len(out) > maxAssets {
		return nil, fault.InvalidParameter(fmt.Sprintf("A managed login branding can have at most %d assets.", maxAssets))
	}
	return out, nil
}

func assetKey(a cognitoidp.AssetType) [3]string {
	return [3]string{string(api.Value(a.Category)), string(api.Value(a.ColorMode)), api.Value(a.ResourceId)}
}

// checkAsset checks that the bytes are what the extension says, and that favicons are what
// browsers take for such.
func checkAsset(a cognitoidp.AssetType) error {
	category, extension := *a.Category, *a.Extension
	ico, svg := extension == cognitoidp.AssetExtensionTypeIco, extension == cognitoidp.AssetExtensionTypeSvg
	wrong := ico != (category == cognitoidp.AssetCategoryTypeFaviconIco) ||
		category == cognitoidp.AssetCategoryTypeFaviconSvg && !svg
	if wrong {
		return fault.InvalidParameter("The extension " + string(extension) + " is not allowed for " + string(category) + ".")
	}
	if !isImage(extension, a.Bytes) {
		return fault.InvalidParameter("The bytes of the asset " + string(category) + " are not " + string(extension) + ".")
	}
	return nil
}

func isImage(extension cognitoidp.AssetExtensionType, b []byte) bool {
	switch extension {
	case cognitoidp.AssetExtensionTypePng:
		return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n"))
	case cognitoidp.AssetExtensionTypeJpeg:
		return bytes.HasPrefix(b, []byte("\xff\xd8\xff"))
	case cognitoidp.AssetExtensionTypeWebp:
		return len(b) > 12 && bytes.HasPrefix(b, []byte("RIFF")) && string(b[8:12]) == "WEBP"
	case cognitoidp.AssetExtensionTypeIco:
		return bytes.HasPrefix(b, []byte{0, 0, 1, 0})
	case cognitoidp.AssetExtensionTypeSvg:
		return bytes.Contains(b, []byte("<svg"))
	}
	return false
}

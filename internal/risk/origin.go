package risk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
)

// Origin is where a call comes from, as far as it says.
type Origin struct {
	// IP is the user's address; the zero value where it is not known.
	IP netip.Addr
	// DeviceName is the user's browser and system, such as "Chrome 126, Windows 10".
	DeviceName string
	// Device is a digest that is the same for all calls of a device.
	Device   string
	Timezone string // such as -07:00; empty where the client did not tell
	Language string // such as en-US; empty where the client did not tell
}

// textBadIP refuses an IpAddress that is none; wording unconfirmed.
const textBadIP = "Invalid IP address provided."

// OriginOf is where a call to one of the public operations comes from. The client's word
// about the address counts only where the client has proven itself by a secret and may pass
// it on (EnablePropagateAdditionalUserContextData); else it is the connection's.
func OriginOf(c *catalog.Client, call *api.Call, in *cognitoidp.UserContextDataType) (Origin, error) {
	o := Origin{IP: call.RemoteIP}
	if in == nil {
		return o.describe(c, call.UserAgent, ""), nil
	}
	said, err := address(in.IpAddress)
	if err != nil {
		return o, err
	}
	if said.IsValid() && c.HasSecret() && api.Value(c.Config.EnablePropagateAdditionalUserContextData) {
		o.IP = said
	}
	return o.describe(c, call.UserAgent, api.Value(in.EncodedData)), nil
}

// OriginOfAdmin is where the user stands for whom a trusted server makes a call: what the
// server says of its own request, whose headers it passes on.
func OriginOfAdmin(c *catalog.Client, call *api.Call, in *cognitoidp.ContextDataType) (Origin, error) {
	o := Origin{IP: call.RemoteIP}
	if in == nil {
		return o.describe(c, call.UserAgent, ""), nil
	}
	said, err := address(in.IpAddress)
	if err != nil {
		return o, err
	}
	if said.IsValid() {
		o.IP = said
	}
	agent, language := "", ""
	for _, h := range in.HttpHeaders {
		switch strings.ToLower(api.Value(h.HeaderName)) {
		case "user-agent":
			agent = api.Value(h.HeaderValue)
		case "accept-language":
			language, _, _ = strings.Cut(api.Value(h.HeaderValue), ",")
		}
	}
	o.Language = short(language)
	return o.describe(c, agent, api.Value(in.EncodedData)), nil
}

func address(text *string) (netip.Addr, error) {
	if api.Value(text) == "" {
		return netip.Addr{}, nil
	}
	ip, err := netip.ParseAddr(*text)
	if err != nil {
		return ip, fault.InvalidParameter(textBadIP)
	}
	return ip.Unmap().WithZone(""), nil
}

// describe adds what EncodedData and the User-Agent header say of the device.
func (o Origin) describe(c *catalog.Client, agent, encoded string) Origin {
	if c.Pool.ThreatProtection() == cognitoidp.AdvancedSecurityModeTypeOff {
		return o // nobody will ask
	}
	d, told := decode(c.ID(), encoded)
	if d.UserAgent != "" {
		agent = d.UserAgent
	}
	browser, system := parseAgent(agent)
	o.DeviceName = browser.String() + ", " + system.String()
	if d.Android != "" {
		system = product{"Android", d.AndroidRelease}
		o.DeviceName = d.Android + ", " + system.String()
		browser = product{d.Android, ""}
	}
	if told {
		o.Timezone = timezone(d.Timezone)
		if d.Language != "" {
			o.Language = short(d.Language)
		}
	}
	switch {
	case d.DeviceID != "":
		o.Device = digest("id", d.DeviceID)
	default: // without versions, or every update would make a new device
		o.Device = digest("agent", browser.name, system.name, d.Platform)
	}
	return o
}

// digest names a device without keeping what it said of itself.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// short bounds what is kept of a text that a client chose.
func short(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), ""))
	return s[:min(len(s), 40)]
}

var offset = regexp.MustCompile(`^([+-]?)(\d{2}:\d{2})$`)

// timezone returns an offset as events show it; the scripts leave the plus out.
func timezone(s string) string {
	m := offset.FindStringSubmatch(s)
	switch {
	case m == nil:
		return ""
	case m[1] == "":
		return "+" + m[2]
	default:
		return s
	}
}

// device is what the payload of EncodedData says.
type device struct {
	UserAgent, DeviceID, Language, Platform, Timezone string
	Android, AndroidRelease                           string // of Android's library
}

// maxEncoded is more than the libraries send.
const maxEncoded = 64 << 10

// decode reads EncodedData as the libraries of Cognito for browsers and Android make it:
// base64 of {"payload", "signature", "version"}, signed with the client id. The key is
// public, so this is a hint and no proof; what is malformed counts as not told.
func decode(clientID, encoded string) (d device, told bool) {
	if encoded == "" || len(encoded) > maxEncoded {
		return device{}, false
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return device{}, false
	}
	var envelope struct{ Payload, Signature, Version string }
	if json.Unmarshal(text, &envelope) != nil {
		return device{}, false
	}
	signature, err := base64.StdEncoding.DecodeString(envelope.Signature)
	mac := hmac.New(sha256.New, []byte(clientID))
	mac.Write([]byte(envelope.Version + envelope.Payload))
	if err != nil || !hmac.Equal(signature, mac.Sum(nil)) {
		return device{}, false
	}
	var payload struct {
		ContextData struct {
			UserAgent, DeviceID, DeviceLanguage, DevicePlatform, Platform, ClientTimezone string
			DeviceName, Product, DeviceManufacturer, DeviceOsReleaseVersion               string
		}
	}
	if json.Unmarshal([]byte(envelope.Payload), &payload) != nil {
		return device{}, false
	}
	c := payload.ContextData
	d = device{
		UserAgent: c.UserAgent, DeviceID: c.DeviceID, Language: c.DeviceLanguage,
		Platform: c.DevicePlatform + c.Platform, Timezone: c.ClientTimezone,
	}
	if strings.HasPrefix(envelope.Version, "ANDROID") {
		d.Android, d.AndroidRelease = short(c.DeviceName), short(c.DeviceOsReleaseVersion)
		for _, name := range []string{c.Product, c.DeviceManufacturer, "Other"} {
			if d.Android == "" {
				d.Android = short(name)
			}
		}
	}
	return d, true
}

package userpool

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cenote-id/cenote/internal/fault"
)

// Texts chosen here: AWS's own for metadata that it cannot use are not known.
const (
	textMetadata        = "Invalid SAML metadata: "
	reasonNoXML         = "it is not an XML document of one EntityDescriptor."
	reasonNoIdP         = "it describes no identity provider."
	reasonNoSSO         = "there is no SingleSignOnService with the HTTP-Redirect binding."
	reasonNoCertificate = "there is no signing certificate."
	reasonCertificate   = "a signing certificate cannot be read, or has more than 4096 characters."
	reasonExpired       = "every signing certificate has expired."
)

// samlMetadata is what the metadata of a SAML identity provider says (SAML 2.0 Metadata,
// section 2.4).
type samlMetadata struct {
	entityID string
	signIn   string // where requests go by redirect
	signOut  string // empty where the provider has no single logout by redirect
}

const (
	samlNamespace       = "urn:oasis:names:tc:SAML:2.0:metadata"
	redirectBinding     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	maxCertificateChars = 4096 // Cognito guide: "SAML signing certificate"
)

type samlEndpoint struct {
	Binding  string `xml:"Binding,attr"`
	Location string `xml:"Location,attr"`
}

type samlEntity struct {
	EntityID string `xml:"entityID,attr"`
	IdP      *struct {
		Keys []struct {
			Use          string   `xml:"use,attr"`
			Certificates []string `xml:"KeyInfo>X509Data>X509Certificate"`
		} `xml:"urn:oasis:names:tc:SAML:2.0:metadata KeyDescriptor"`
		SignIn  []samlEndpoint `xml:"urn:oasis:names:tc:SAML:2.0:metadata SingleSignOnService"`
		SignOut []samlEndpoint `xml:"urn:oasis:names:tc:SAML:2.0:metadata SingleLogoutService"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:metadata IDPSSODescriptor"`
}

// parseMetadata reads and judges metadata.
func parseMetadata(text string, now time.Time) (*samlMetadata, error) {
	refuse := func(reason string) error { return fault.InvalidParameter(textMetadata + reason) }
	entity, err := readEntity(text)
	if err != nil {
		return nil, refuse(reasonNoXML)
	}
	if entity.IdP == nil || entity.EntityID == "" {
		return nil, refuse(reasonNoIdP)
	}
	m := &samlMetadata{entityID: entity.EntityID, signIn: byRedirect(entity.IdP.SignIn), signOut: byRedirect(entity.IdP.SignOut)}
	if m.signIn == "" {
		return nil, refuse(reasonNoSSO)
	}
	seen, valid := 0, 0
	for _, key := range entity.IdP.Keys {
		if key.Use == "encryption" {
			continue
		}
		for _, text := range key.Certificates {
			certificate, err := readCertificate(text)
			if err != nil {
				return nil, refuse(reasonCertificate)
			}
			seen++
			if now.Before(certificate.NotAfter) {
				valid++
			}
		}
	}
	switch {
	case seen == 0:
		return nil, refuse(reasonNoCertificate)
	case valid == 0:
		return nil, refuse(reasonExpired)
	}
	return m, nil
}

var errNoEntity = errors.New("no EntityDescriptor")

// readEntity decodes an EntityDescriptor, alone or as the only one of an EntitiesDescriptor.
// Document types are refused: nobody needs them, and they are how XML does harm.
func readEntity(text string) (*samlEntity, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	var found *samlEntity
	several := false // within an EntitiesDescriptor
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && found != nil {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, errNoEntity
		case xml.StartElement:
			switch {
			case token.Name == xml.Name{Space: samlNamespace, Local: "EntitiesDescriptor"}:
				several = true
			case token.Name == xml.Name{Space: samlNamespace, Local: "EntityDescriptor"} && found == nil:
				found = new(samlEntity)
				if err := d.DecodeElement(found, &token); err != nil {
					return nil, err
				}
			case !several || token.Name.Local == "EntityDescriptor":
				return nil, errNoEntity
			default:
				if err := d.Skip(); err != nil {
					return nil, err
				}
			}
		}
	}
}

// byRedirect returns where the first endpoint with the HTTP-Redirect binding lies.
func byRedirect(endpoints []samlEndpoint) string {
	for _, e := range endpoints {
		if e.Binding == redirectBinding && strings.HasPrefix(e.Location, "http") {
			return e.Location
		}
	}
	return ""
}

func readCertificate(text string) (*x509.Certificate, error) {
	text = strings.Join(strings.Fields(text), "")
	if len(text) > maxCertificateChars {
		return nil, errors.New("the certificate is too long")
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// encryptionCertificate returns the certificate of a key to which a SAML provider may
// encrypt its assertions, as Base64 of its DER.
func encryptionCertificate(pkcs8 []byte, poolID string, now time.Time, random io.Reader) (string, error) {
	certificate, err := selfSigned(pkcs8, poolID, now, x509.KeyUsageKeyEncipherment, random)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(certificate.DER), nil
}

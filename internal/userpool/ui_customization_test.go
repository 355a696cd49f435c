package userpool_test

import (
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/userpool"
)

func TestUICustomization(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *userpool.Deps) { d.PublicURL = "https://id.example.com" })
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id})
	id := *pool.Id
	set := func(client, css *string, image string) (*cognitoidp.SetUICustomizationResponse, error) {
		in := &cognitoidp.SetUICustomizationRequest{UserPoolId: pool.Id, ClientId: client, CSS: css}
		if image != "" {
			in.ImageFile = []byte(image)
		}
		return e.SetUICustomization(t.Context(), e.call(), in)
	}
	get := func(client *string) *cognitoidp.GetUICustomizationResponse {
		t.Helper()
		return must(e.GetUICustomization(t.Context(), e.call(), &cognitoidp.GetUICustomizationRequest{UserPoolId: pool.Id, ClientId: client}))(t)
	}
	css := new(".label-customizable {font-weight: 400;}")
	_, err := set(nil, css, "")
	wantFault(t, err, invalidParameter, "A domain must be associated with this user pool.")
	must(e.CreateUserPoolDomain(t.Context(), e.call(), &cognitoidp.CreateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("app")}))(t)
	wantJSON(t, get(nil), `{"UICustomization":{}}`)

	all := `{"UICustomization":{"UserPoolId":"` + id + `","ClientId":"ALL","CSS":".label-customizable {font-weight: 400;}","CSSVersion":"20231114221320",
		"CreationDate":1700000000.123,"LastModifiedDate":1700000000.123}}`
	wantJSON(t, must(set(nil, css, ""))(t), all)
	for _, client := range []*string{nil, new("ALL"), client.ClientId} {
		wantJSON(t, get(client), all)
	}

	// What is left out stays.
	e.now = e.now.Add(time.Second)
	own := `{"UICustomization":{"UserPoolId":"` + id + `","ClientId":"` + *client.ClientId + `","CSSVersion":"20231114221321",
		"ImageUrl":"https://id.example.com/` + id + `/assets/` + *client.ClientId + `/20231114221321123/image.png",
		"CreationDate":1700000001.123,"LastModifiedDate":1700000001.123}}`
	wantJSON(t, must(set(client.ClientId, nil, png))(t), own)
	wantJSON(t, get(client.ClientId), own)
	wantJSON(t, get(nil), all)
	e.now = e.now.Add(time.Second)
	wantJSON(t, must(set(client.ClientId, css, ""))(t), `{"UICustomization":{"UserPoolId":"`+id+`","ClientId":"`+*client.ClientId+`","CSSVersion":"20231114221322",
		"ImageUrl":"https://id.example.com/`+id+`/assets/`+*client.ClientId+`/20231114221321123/image.png",
		"CSS":".label-customizable {font-weight: 400;}","CreationDate":1700000001.123,"LastModifiedDate":1700000002.123}}`)

	// Nothing at all takes the style away.
	wantJSON(t, must(set(client.ClientId, nil, ""))(t), `{"UICustomization":{"UserPoolId":"`+id+`","ClientId":"`+*client.ClientId+`"}}`)
	wantJSON(t, get(client.ClientId), all)
	must(set(new("ALL"), nil, ""))(t)
	must(set(nil, nil, ""))(t)
	wantJSON(t, get(client.ClientId), `{"UICustomization":{}}`)

	_, err = set(nil, nil, "GIF89a")
	wantFault(t, err, invalidParameter, "The image file is neither PNG nor JPEG.")
	_, err = set(new("none"), css, "")
	wantFault(t, err, "ResourceNotFoundException", "User pool client none does not exist.")
}

func TestCSS(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	must(e.CreateUserPoolDomain(t.Context(), e.call(), &cognitoidp.CreateUserPoolDomainRequest{UserPoolId: pool.Id, Domain: new("app")}))(t)
	set := func(css string) error {
		_, err := e.SetUICustomization(t.Context(), e.call(), &cognitoidp.SetUICustomizationRequest{UserPoolId: pool.Id, CSS: &css})
		return err
	}
	for _, css := range []string{
		"", " /* nothing { */ ", ".logo-customizable{max-width:60%}",
		".submitButton-customizable:hover , .idpButton-customizable:hover {\n color: #fff;; background-color: rgba(40, 96, 144, .5);\n}\n.redirect-customizable {}",
		".inputField-customizable:focus{border-color:#66afe9;outline:0 !important}",
	} {
		if err := set(css); err != nil {
			t.Errorf("%q: %v", css, err)
		}
	}
	for css, text := range map[string]string{
		".myclass {color: red}":                                           "The CSS class .myclass is not in the list of allowed classes.",
		"body {color: red}":                                               "The CSS class body is not in the list of allowed classes.",
		".label-customizable:hover {color: red}":                          "The CSS class .label-customizable:hover is not in the list of allowed classes.",
		".label-customizable .logo-customizable {}":                       "The CSS class .label-customizable .logo-customizable is not in the list of allowed classes.",
		"@media print {.label-customizable {}}":                           "The CSS is not a list of rules.",
		"@import 'x';":                                                    "The CSS is not a list of rules.",
		".label-customizable {color: red":                                 "The CSS is not a list of rules.",
		".label-customizable {color: red}}":                               "The CSS is not a list of rules.",
		".banner-customizable {background: url(https://evil.example/x)}":  "The CSS declaration background: url(https://evil.example/x) is not allowed.",
		".banner-customizable {background: image(x)}":                     "The CSS declaration background: image(x) is not allowed.",
		".banner-customizable {background: UR\\4C(x)}":                    "The CSS declaration background: UR\\4C(x) is not allowed.",
		".banner-customizable {width: expression(alert(1))}":              "The CSS declaration width: expression(alert(1)) is not allowed.",
		".banner-customizable {color}":                                    "The CSS declaration color is not allowed.",
		".banner-customizable {color: </style><script>alert(1)</script>}": "The CSS declaration color: </style><script>alert(1)</script> is not allowed.",
	} {
		wantFault(t, set(css), invalidParameter, text)
	}
}

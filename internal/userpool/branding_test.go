package userpool_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

const png = "\x89PNG\r\n\x1a\nrest"

func asset(category cognitoidp.AssetCategoryType, mode cognitoidp.ColorSchemeModeType, extension cognitoidp.AssetExtensionType, bytes string) cognitoidp.AssetType {
	a := cognitoidp.AssetType{Category: &category, ColorMode: &mode, Extension: &extension}
	if bytes != "" {
		a.Bytes = []byte(bytes)
	}
	return a
}

func assetNames(list []cognitoidp.AssetType) string {
	out := ""
	for _, a := range list {
		out += fmt.Sprintf("%s %s %s %d;", *a.Category, *a.ColorMode, *a.Extension, len(a.Bytes))
	}
	return out
}

func TestManagedLoginBranding(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	pool := e.createPool(&cognitoidp.CreateUserPoolRequest{})
	client := e.createClient(&cognitoidp.CreateUserPoolClientRequest{UserPoolId: pool.Id})
	create := func(in cognitoidp.CreateManagedLoginBrandingRequest) (*cognitoidp.ManagedLoginBrandingType, error) {
		in.UserPoolId, in.ClientId = pool.Id, client.ClientId
		out, err := e.CreateManagedLoginBranding(t.Context(), e.call(), &in)
		if err != nil {
			return nil, err
		}
		return out.ManagedLoginBranding, nil
	}
	settings := api.Document(`{"categories":{"global":{"colorSchemeMode":"DARK","pageHeader":{"enabled":true}}}}`)
	const values = "useCognitoProvidedValues or settings should be specified (but not both)"
	_, err := create(cognitoidp.CreateManagedLoginBrandingRequest{Settings: settings, UseCognitoProvidedValues: new(true)})
	wantFault(t, err, invalidParameter, values)
	_, err = create(cognitoidp.CreateManagedLoginBrandingRequest{})
	wantFault(t, err, invalidParameter, values)
	for bad, text := range map[string]string{
		`[]`: "Settings is not a JSON object.", `{"colour":{}}`: "Settings has no member colour.",
		`{"components":1}`: "The member components of Settings is not a JSON object.",
	} {
		_, err = create(cognitoidp.CreateManagedLoginBrandingRequest{Settings: api.Document(bad)})
		wantFault(t, err, invalidParameter, text)
	}
	for _, c := range []struct {
		asset cognitoidp.AssetType
		text  string
	}{
		{asset("PAGE_HEADER_LOGO", "LIGHT", "ICO", "\x00\x00\x01\x00"), "The extension ICO is not allowed for PAGE_HEADER_LOGO."},
		{asset("FAVICON_ICO", "LIGHT", "PNG", png), "The extension PNG is not allowed for FAVICON_ICO."},
		{asset("FAVICON_SVG", "LIGHT", "PNG", png), "The extension PNG is not allowed for FAVICON_SVG."},
		{asset("FORM_LOGO", "LIGHT", "JPEG", png), "The bytes of the asset FORM_LOGO are not JPEG."},
		{asset("FORM_LOGO", "LIGHT", "WEBP", png), "The bytes of the asset FORM_LOGO are not WEBP."},
		{asset("FORM_LOGO", "LIGHT", "PNG", ""), "The bytes of the asset FORM_LOGO are not PNG."},
	} {
		_, err = create(cognitoidp.CreateManagedLoginBrandingRequest{UseCognitoProvidedValues: new(true), Assets: []cognitoidp.AssetType{c.asset}})
		wantFault(t, err, invalidParameter, c.text)
	}
	_, err = create(cognitoidp.CreateManagedLoginBrandingRequest{UseCognitoProvidedValues: new(true), Assets: []cognitoidp.AssetType{
		asset("FORM_LOGO", "LIGHT", "PNG", png), asset("FORM_LOGO", "LIGHT", "PNG", png),
	}})
	wantFault(t, err, invalidParameter, "The asset FORM_LOGO appears more than once for LIGHT.")

	made := must(create(cognitoidp.CreateManagedLoginBrandingRequest{Settings: settings, Assets: []cognitoidp.AssetType{
		asset("FORM_LOGO", "LIGHT", "PNG", png), asset("FAVICON_SVG", "DYNAMIC", "SVG", "<svg/>"),
	}}))(t)
	want := `{"ManagedLoginBrandingId":"` + *made.ManagedLoginBrandingId + `","UserPoolId":"` + *pool.Id + `","UseCognitoProvidedValues":false,
		"Settings":` + string(settings) + `,"CreationDate":1700000000.123,"LastModifiedDate":1700000000.123,
		"Assets":[{"Category":"FORM_LOGO","ColorMode":"LIGHT","Extension":"PNG","Bytes":"iVBORw0KGgpyZXN0"},
			{"Category":"FAVICON_SVG","ColorMode":"DYNAMIC","Extension":"SVG","Bytes":"PHN2Zy8+"}]}`
	wantJSON(t, made, want)
	describe := func(merged bool) *cognitoidp.ManagedLoginBrandingType {
		t.Helper()
		byID := must(e.DescribeManagedLoginBranding(t.Context(), e.call(), &cognitoidp.DescribeManagedLoginBrandingRequest{
			UserPoolId: pool.Id, ManagedLoginBrandingId: made.ManagedLoginBrandingId, ReturnMergedResources: &merged,
		}))(t).ManagedLoginBranding
		byClient := must(e.DescribeManagedLoginBrandingByClient(t.Context(), e.call(), &cognitoidp.DescribeManagedLoginBrandingByClientRequest{
			UserPoolId: pool.Id, ClientId: client.ClientId, ReturnMergedResources: &merged,
		}))(t).ManagedLoginBranding
		wantJSON(t, byClient, string(must(json.Marshal(byID))(t)))
		return byID
	}
	wantJSON(t, describe(false), want)
	if got := setting(t, describe(true), "categories", "global", "colorSchemeMode"); got != "DARK" {
		t.Errorf("merged: %v", got)
	}
	if got := setting(t, describe(true), "categories", "global", "spacingDensity"); got != "REGULAR" {
		t.Errorf("merged: %v", got)
	}
	_, err = create(cognitoidp.CreateManagedLoginBrandingRequest{Settings: settings})
	wantFault(t, err, "ManagedLoginBrandingExistsException", "Managed login branding already exists for client "+*client.ClientId+".")

	// Updates add up; Cognito's own values take everything away.
	e.now = e.now.Add(time.Second)
	update := func(in cognitoidp.UpdateManagedLoginBrandingRequest) (*cognitoidp.UpdateManagedLoginBrandingResponse, error) {
		in.UserPoolId, in.ManagedLoginBrandingId = pool.Id, made.ManagedLoginBrandingId
		return e.UpdateManagedLoginBranding(t.Context(), e.call(), &in)
	}
	changed := must(update(cognitoidp.UpdateManagedLoginBrandingRequest{
		Settings: api.Document(`{"categories":{"global":{"pageHeader":null,"pageFooter":{"enabled":true}}},"components":{}}`),
		Assets:   []cognitoidp.AssetType{asset("FORM_LOGO", "LIGHT", "PNG", png+"er"), asset("FORM_LOGO", "DARK", "PNG", png)},
	}))(t).ManagedLoginBranding
	wantJSON(t, json.RawMessage(changed.Settings), `{"categories":{"global":{"colorSchemeMode":"DARK","pageFooter":{"enabled":true}}},"components":{}}`)
	if got := assetNames(changed.Assets); got != "FORM_LOGO LIGHT PNG 14;FAVICON_SVG DYNAMIC SVG 6;FORM_LOGO DARK PNG 12;" {
		t.Error(got)
	}
	_, err = update(cognitoidp.UpdateManagedLoginBrandingRequest{Settings: settings, UseCognitoProvidedValues: new(true)})
	wantFault(t, err, invalidParameter, values)
	must(update(cognitoidp.UpdateManagedLoginBrandingRequest{UseCognitoProvidedValues: new(true)}))(t)
	reverted := describe(false)
	if !*reverted.UseCognitoProvidedValues || reverted.Settings != nil || reverted.Assets != nil || *reverted.LastModifiedDate == *made.LastModifiedDate {
		t.Errorf("reverted: %+v", reverted)
	}
	if got := setting(t, describe(true), "categories", "global", "colorSchemeMode"); got != "LIGHT" {
		t.Errorf("merged: %v", got)
	}
	_, err = e.UpdateManagedLoginBranding(t.Context(), e.call(), &cognitoidp.UpdateManagedLoginBrandingRequest{})
	wantFault(t, err, invalidParameter, "2 validation errors detected: Value null at 'managedLoginBrandingId' failed to satisfy constraint: Member must not be null; "+
		"Value null at 'userPoolId' failed to satisfy constraint: Member must not be null")

	must(e.DeleteManagedLoginBranding(t.Context(), e.call(), &cognitoidp.DeleteManagedLoginBrandingRequest{UserPoolId: pool.Id, ManagedLoginBrandingId: made.ManagedLoginBrandingId}))(t)
	_, err = update(cognitoidp.UpdateManagedLoginBrandingRequest{})
	wantFault(t, err, "ResourceNotFoundException", "Managed login branding "+*made.ManagedLoginBrandingId+" does not exist.")
	_, err = e.DescribeManagedLoginBrandingByClient(t.Context(), e.call(), &cognitoidp.DescribeManagedLoginBrandingByClientRequest{UserPoolId: pool.Id, ClientId: client.ClientId})
	wantFault(t, err, "ResourceNotFoundException", "Managed login branding does not exist for client "+*client.ClientId+".")
	must(create(cognitoidp.CreateManagedLoginBrandingRequest{UseCognitoProvidedValues: new(true)}))(t)
	must(e.DeleteUserPoolClient(t.Context(), e.call(), &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: pool.Id, ClientId: client.ClientId}))(t)
}

// setting returns what stands at a path of a branding's settings.
func setting(t *testing.T, b *cognitoidp.ManagedLoginBrandingType, path ...string) any {
	t.Helper()
	var at any
	if err := json.Unmarshal(b.Settings, &at); err != nil {
		t.Fatal(err)
	}
	for _, name := range path {
		at = at.(map[string]any)[name]
	}
	return at
}

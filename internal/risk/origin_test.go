package risk_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
)

// appOf is a client of a pool with a mode of threat protection.
func appOf(mode cognitoidp.AdvancedSecurityModeType, change func(*store.Client)) *catalog.Client {
	pool := catalog.NewPool(&store.Pool{ID: 7, Config: &cognitoidp.UserPoolType{
		Id: new("us-east-1_p"), UserPoolAddOns: &cognitoidp.UserPoolAddOnsType{AdvancedSecurityMode: &mode},
	}, MFA: &cognitoidp.GetUserPoolMfaConfigResponse{}})
	c := &store.Client{Pool: 7, Config: &cognitoidp.UserPoolClientType{ClientId: new("app")}}
	if change != nil {
		change(c)
	}
	return catalog.NewClient(c, pool)
}

// data is EncodedData of a library.
func data(clientID, version string, context map[string]string) *string {
	payload, _ := json.Marshal(map[string]any{"contextData": context, "username": "ann", "userPoolId": "us-east-1_p", "timestamp": "1"})
	mac := hmac.New(sha256.New, []byte(clientID))
	mac.Write([]byte(version + string(payload)))
	text, _ := json.Marshal(map[string]string{
		"payload": string(payload), "signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)), "version": version,
	})
	return new(base64.StdEncoding.EncodeToString(text))
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	call := &api.Call{RemoteIP: netip.MustParseAddr("192.0.2.1"), UserAgent: agent}
	audit := cognitoidp.AdvancedSecurityModeTypeAudit
	plain := appOf(audit, nil)
	trusted := appOf(audit, func(c *store.Client) {
		c.Config.EnablePropagateAdditionalUserContextData = new(true)
		c.Secrets = []store.ClientSecret{{ID: "s", Value: "s"}}
	})
	browser := map[string]string{"UserAgent": "Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36", "DeviceId": "abc:1", "DeviceLanguage": "de-DE", "ClientTimezone": "08:00"}
	android := map[string]string{"DeviceName": "", "Product": "panther", "DeviceOsReleaseVersion": "14", "DeviceId": "x", "ClientTimezone": "-05:30"}
	for name, tt := range map[string]struct {
		client                             *catalog.Client
		in                                 *cognitoidp.UserContextDataType
		ip, deviceName, timezone, language string
	}{
		"nothing":                   {plain, nil, "192.0.2.1", "Firefox 140, Linux", "", ""},
		"address without a secret":  {plain, &cognitoidp.UserContextDataType{IpAddress: new("203.0.113.9")}, "192.0.2.1", "Firefox 140, Linux", "", ""},
		"address of a trusted one":  {trusted, &cognitoidp.UserContextDataType{IpAddress: new("::ffff:203.0.113.9")}, "203.0.113.9", "Firefox 140, Linux", "", ""},
		"browser":                   {plain, &cognitoidp.UserContextDataType{EncodedData: data("app", "JS20171115", browser)}, "192.0.2.1", "Chrome 126, Windows 10", "+08:00", "de-DE"},
		"Android":                   {plain, &cognitoidp.UserContextDataType{EncodedData: data("app", "ANDROID20171114", android)}, "192.0.2.1", "panther, Android 14", "-05:30", ""},
		"signed for another client": {plain, &cognitoidp.UserContextDataType{EncodedData: data("other", "JS20171115", browser)}, "192.0.2.1", "Firefox 140, Linux", "", ""},
		"no base64":                 {plain, &cognitoidp.UserContextDataType{EncodedData: new("%")}, "192.0.2.1", "Firefox 140, Linux", "", ""},
		"no JSON":                   {plain, &cognitoidp.UserContextDataType{EncodedData: new("AAAA")}, "192.0.2.1", "Firefox 140, Linux", "", ""},
		"too much":                  {plain, &cognitoidp.UserContextDataType{EncodedData: new(strings.Repeat("A", 1<<20))}, "192.0.2.1", "Firefox 140, Linux", "", ""},
		"a pool that does not look": {appOf(cognitoidp.AdvancedSecurityModeTypeOff, nil), &cognitoidp.UserContextDataType{EncodedData: data("app", "JS20171115", browser)}, "192.0.2.1", "", "", ""},
	} {
		o, err := risk.OriginOf(tt.client, call, tt.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff([]string{tt.ip, tt.deviceName, tt.timezone, tt.language}, []string{o.IP.String(), o.DeviceName, o.Timezone, o.Language}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := risk.OriginOf(plain, call, &cognitoidp.UserContextDataType{IpAddress: new("here")}); !fault.Is(err, "InvalidParameterException") {
		t.Errorf("an address that is none: %v", err)
	}

	// Versions come and go; a device stays what it is.
	in := func(version string) risk.Origin {
		o, err := risk.OriginOfAdmin(plain, call, &cognitoidp.ContextDataType{IpAddress: new("203.0.113.9"), HttpHeaders: []cognitoidp.HttpHeader{
			{HeaderName: new("user-AGENT"), HeaderValue: new("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/" + version)},
			{HeaderName: new("Accept-Language"), HeaderValue: new("fr-FR, en;q=0.5")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if a, b := in("140.0"), in("141.0"); a.Device != b.Device || a.DeviceName == b.DeviceName || a.IP.String() != "203.0.113.9" || a.Language != "fr-FR" {
		t.Errorf("%+v\n%+v", a, b)
	}
	if _, err := risk.OriginOfAdmin(plain, call, &cognitoidp.ContextDataType{IpAddress: new("1.2.3")}); !fault.Is(err, "InvalidParameterException") {
		t.Errorf("an address that is none: %v", err)
	}
	if o, err := risk.OriginOfAdmin(plain, call, nil); err != nil || o.IP != call.RemoteIP {
		t.Errorf("%v, %v", o, err)
	}
}

// A sign-in that another node goes on with is the same.
func TestCasesTravel(t *testing.T) {
	t.Parallel()
	s, client := new(risk.Service), appOf(cognitoidp.AdvancedSecurityModeTypeEnforced, nil)
	began := time.UnixMilli(1_761_000_000_123)
	c := s.SignIn(client, cognitoidp.AuthFlowTypeUserSrpAuth, "e1", began, risk.Origin{})
	c.PasswordHeld(true)
	c.Refuse()
	again := s.Resume(client, cognitoidp.AuthFlowTypeUserSrpAuth, "e1", c.Carry(), began.Add(time.Minute), risk.Origin{})
	if diff := cmp.Diff(string(c.Carry()), string(again.Carry())); diff != "" || !again.Verdict().Block {
		t.Errorf("%s %+v", diff, again.Verdict())
	}
	if n := len(c.Carry()); n > 200 {
		t.Errorf("%d bytes of a Session go to a case", n)
	}
	off := appOf(cognitoidp.AdvancedSecurityModeTypeOff, nil)
	if none := s.SignIn(off, cognitoidp.AuthFlowTypeUserSrpAuth, "e1", began, risk.Origin{}); none != nil || none.Carry() != nil || none.Verdict() != (risk.Verdict{}) {
		t.Error("a pool without threat protection has a case")
	}
	if s.SignIn(client, cognitoidp.AuthFlowTypeCustomAuth, "e1", began, risk.Origin{}) != nil {
		t.Error("custom authentication is looked at without CustomAuthMode")
	}
}

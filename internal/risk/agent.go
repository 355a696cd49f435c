package risk

import (
	"regexp"
	"strings"
)

// product is a browser or a system with the part of its version that people know.
type product struct{ name, version string }

// String returns the name as events show it; what is not known is "Other", as on AWS.
func (p product) String() string {
	switch {
	case p.name == "":
		return "Other"
	case p.version == "":
		return p.name
	default:
		return p.name + " " + p.version
	}
}

// browsers are the products that User-Agent headers name, those first that pretend to be
// the others.
var browsers = []struct {
	token *regexp.Regexp
	name  string
}{
	{regexp.MustCompile(`\bEdg(?:e|A|iOS)?/(\d+)`), "Edge"},
	{regexp.MustCompile(`\bOPR/(\d+)`), "Opera"},
	{regexp.MustCompile(`\bSamsungBrowser/(\d+)`), "Samsung Internet"},
	{regexp.MustCompile(`\b(?:Firefox|FxiOS)/(\d+)`), "Firefox"},
	{regexp.MustCompile(`\b(?:Chrome|CriOS|HeadlessChrome)/(\d+)`), "Chrome"},
	{regexp.MustCompile(`\bVersion/(\d+)[\d.]*.*\bSafari/`), "Safari"},
	{regexp.MustCompile(`\bTrident/.*rv:(\d+)`), "IE"},
}

// systems are the operating systems, in the same order.
var systems = []struct {
	token *regexp.Regexp
	name  string
}{
	{regexp.MustCompile(`\bAndroid (\d+)`), "Android"},
	{regexp.MustCompile(`\b(?:iPhone OS|CPU OS) (\d+)`), "iOS"},
	{regexp.MustCompile(`\bCrOS\b()`), "Chrome OS"},
	{regexp.MustCompile(`\bMac OS X\b()`), "Mac OS X"},
	{regexp.MustCompile(`\bWindows NT ([\d.]+)`), "Windows"},
	{regexp.MustCompile(`\b(?:Linux|X11)\b()`), "Linux"},
}

// windows are the versions of Windows by which people know them.
var windows = map[string]string{"10.0": "10", "6.3": "8.1", "6.2": "8", "6.1": "7"}

// maxAgent is more than any browser sends.
const maxAgent = 1024

// parseAgent returns the browser and the system that a User-Agent header names.
func parseAgent(header string) (browser, system product) {
	if len(header) > maxAgent || !strings.HasPrefix(header, "Mozilla/") {
		return product{}, product{} // libraries and scripts
	}
	for _, b := range browsers {
		if m := b.token.FindStringSubmatch(header); m != nil {
			browser = product{b.name, m[1]}
			break
		}
	}
	for _, s := range systems {
		if m := s.token.FindStringSubmatch(header); m != nil {
			system = product{s.name, m[1]}
			break
		}
	}
	if system.name == "Windows" {
		system.version = windows[system.version]
	}
	return browser, system
}

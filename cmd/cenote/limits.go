package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cenote-id/cenote"
)

// limits are request rates and quotas by name, as they are written.
type limits map[string]string

// parse returns what the names mean. Which categories and quotas there are is the server's
// to know.
func (l limits) parse() (out cenote.Limits, err error) {
	for _, name := range slices.Sorted(maps.Keys(l)) {
		value := l[name]
		kind, rest, _ := strings.Cut(name, ".")
		switch {
		case name == "requests":
			var on bool
			if on, err = onOff(value); on {
				out.Requests = cenote.On
			} else {
				out.Requests = cenote.Off
			}
		case name == "admin":
			out.Admin, err = onOff(value)
		case name == "per-client":
			out.PerClient, err = strconv.ParseFloat(value, 64)
		case name == "per-ip":
			out.PerIP, err = strconv.ParseFloat(value, 64)
		case name == "per-user":
			out.PerUser, err = strconv.ParseFloat(value, 64)
		case kind == "rates" && rest != "":
			if out.Rates == nil {
				out.Rates = map[string]float64{}
			}
			out.Rates[rest], err = strconv.ParseFloat(value, 64)
		case kind == "quotas" && rest != "":
			if out.Quotas == nil {
				out.Quotas = map[string]int{}
			}
			out.Quotas[rest], err = strconv.Atoi(value)
		default:
			return out, fmt.Errorf("limits: unknown name %q", name)
		}
		if err != nil {
			return out, fmt.Errorf("limits: %s cannot be %q", name, value)
		}
	}
	return out, nil
}

// onOff reads a switch as YAML writes it.
func onOff(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "on", "yes":
		return true, nil
	case "off", "no":
		return false, nil
	default:
		return strconv.ParseBool(text)
	}
}

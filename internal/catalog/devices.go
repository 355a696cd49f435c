package catalog

import (
	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
)

// TracksDevices says whether the pool remembers the devices of its users. Any value of a
// member of DeviceConfiguration, false too, turns that on (the model: "When you provide a
// value for any property of DeviceConfiguration, you activate the device remembering").
func (p *Pool) TracksDevices() bool {
	d := p.Config.DeviceConfiguration
	return d != nil && *d != (cognitoidp.DeviceConfigurationType{})
}

// DevicesReplaceMFA says whether a remembered device stands in for a second factor.
func (p *Pool) DevicesReplaceMFA() bool {
	return p.TracksDevices() && api.Value(p.Config.DeviceConfiguration.ChallengeRequiredOnNewDevice)
}

// AsksToRemember says whether a confirmed device is remembered only when its user says so;
// else it is remembered at once.
func (p *Pool) AsksToRemember() bool {
	return p.TracksDevices() && api.Value(p.Config.DeviceConfiguration.DeviceOnlyRememberedOnUserPrompt)
}

package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker (-ldflags "-X main.version=v1.2.3") where the module's
// version is not known to the build.
var version string

// versionCommand is `cenote version`.
type versionCommand struct{}

// Run prints the version, the revision that it was built from, Go's version and the platform.
func (*versionCommand) Run(p *program) error {
	_, err := fmt.Fprintf(p.stdout, "cenote %s%s %s %s/%s\n",
		buildVersion(), buildRevision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// buildVersion returns the version of the program.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return cmp.Or(version, info.Main.Version, "(devel)")
	}
	return cmp.Or(version, "(unknown)")
}

// buildRevision returns the commit, after a space, where the build knows it.
func buildRevision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var revision, changes string
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			revision = " " + setting.Value[:min(12, len(setting.Value))]
		case "vcs.modified":
			if setting.Value == "true" {
				changes = "+changes"
			}
		}
	}
	return revision + changes
}

package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cenote-id/cenote/internal/store"
)

// Run checks everything that an engine of the store must do. fresh returns options for a
// new, empty database; opened twice they stand for two nodes.
func Run(t *testing.T, fresh func(t testing.TB) store.Options) {
	s := suite{fresh}
	for name, test := range map[string]func(*testing.T){
		"first start":                  s.firstStart,
		"master key":                   s.masterKey,
		"nodes that start together":    s.startTogether,
		"restart":                      s.restart,
		"durable":                      s.durable,
		"ready":                        s.ready,
		"closed":                       s.closed,
		"cancelled":                    s.cancelled,
		"pools":                        s.pools,
		"pool list":                    s.poolList,
		"pool versions":                s.poolVersions,
		"pool deletion":                s.poolDeletion,
		"clients":                      s.clients,
		"client versions":              s.clientVersions,
		"changes":                      s.changes,
		"resources":                    s.resources,
		"resource list":                s.resourceList,
		"resources of clients":         s.resourcesOfClients,
		"resource changes":             s.resourceChanges,
		"request rates":                s.requestRates,
		"domains":                      s.domains,
		"race for a domain":            s.raceForDomain,
		"access keys":                  s.accessKeys,
		"user round trip":              s.userRoundTrip,
		"user ids":                     s.userIDs,
		"finding users":                s.findUsers,
		"names are unique":             s.uniqueNames,
		"long names":                   s.longNames,
		"stealing aliases":             s.stealAliases,
		"updating users":               s.updateUsers,
		"refused updates":              s.refusedUpdates,
		"deleting users":               s.deleteUsers,
		"token user":                   s.tokenUser,
		"signing out":                  s.signOut,
		"signing out on skewed nodes":  s.signOutSkewed,
		"many users":                   s.manyUsers,
		"texts":                        s.texts,
		"unstorable texts":             s.unstorableTexts,
		"time zones":                   s.timeZones,
		"list of all users":            s.listAll,
		"list by attributes":           s.listByAttributes,
		"list by names":                s.listByNames,
		"list by states":               s.listByStates,
		"list of long values":          s.listLongValues,
		"list while users come":        s.listWhileInserting,
		"codes":                        s.codes,
		"failures":                     s.failures,
		"attempts":                     s.attempts,
		"spending":                     s.spending,
		"steps":                        s.steps,
		"factors":                      s.factors,
		"race for a factor":            s.raceForFactor,
		"devices":                      s.devices,
		"using devices":                s.usingDevices,
		"forgetting devices":           s.forgettingDevices,
		"families":                     s.families,
		"passkeys":                     s.passkeys,
		"race of passkeys":             s.raceOfPasskeys,
		"groups":                       s.groups,
		"list of groups":               s.groupList,
		"members":                      s.members,
		"group deletion":               s.groupDeletion,
		"providers":                    s.providers,
		"identities":                   s.identities,
		"jobs":                         s.jobs,
		"sweep":                        s.sweep,
		"reset":                        s.reset,
		"backup":                       s.backup,
		"auth events":                  s.authEvents,
		"race for a name":              s.raceForName,
		"race for an alias":            s.raceForAlias,
		"race of updates":              s.raceOfUpdates,
		"race of pool updates":         s.raceOfPoolUpdates,
		"race for a proof":             s.raceForProof,
		"race for a code":              s.raceForCode,
		"race of failures":             s.raceOfFailures,
		"race of attempts":             s.raceOfAttempts,
		"race of rotations":            s.raceOfRotations,
		"race of forgetting":           s.raceOfForgetting,
		"race for jobs":                s.raceForJobs,
		"race of creation and removal": s.raceOfCounts,
		"race of memberships":          s.raceOfMemberships,
		"race of members and deletion": s.raceOfMemberAndDeletion,
		"imports":                      s.imports,
		"uploads":                      s.uploads,
		"import rows":                  s.importRows,
		"race of imports":              s.raceOfImports,
		"spoilt neighbours":            s.spoiltNeighbours,
		"panics":                       s.panics,
		"clock skew":                   s.clockSkew,
		"custom states":                s.customStates,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// suite makes the databases that its tests need.
type suite struct {
	fresh func(t testing.TB) store.Options
}

// open opens a new database.
func (s suite) open(t *testing.T) *store.DB {
	t.Helper()
	return Open(t, s.fresh(t))
}

// openAt opens a new database whose clock the test moves.
func (s suite) openAt(t *testing.T) (*store.DB, *Hands) {
	t.Helper()
	hands := At(epoch)
	o := s.fresh(t)
	o.Clock = hands.Clock()
	return Open(t, o), hands
}

// nodes opens a new database twice.
func (s suite) nodes(t *testing.T) [2]*store.DB {
	t.Helper()
	o := s.fresh(t)
	return [2]*store.DB{Open(t, o), Open(t, o)}
}

// equal fails the test unless what the store returns is what is wanted. Nil and empty
// lists are the same.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(store.Job{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// ok fails the test on an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package cenote

import (
	"time"

	"github.com/cenote-id/cenote/internal/function"
)

// Function says where the functions run that pools name as triggers.
type Function = function.Entry

// functionLease is how long the credentials of a function's process are good; the process
// is replaced before they end.
const functionLease = 6 * time.Hour

func (s *Server) newFunctions() (err error) {
	d := function.Deps{
		Entries: s.config.Functions, Environment: s.functionEnvironment, Region: s.config.Region,
		Clock: s.clock, Random: s.config.Random, Log: s.config.Log, Metrics: s.registry,
	}
	if s.config.Mode == Dev {
		d.Reload, d.Console = true, s.config.Console
	}
	s.functions, err = function.New(d)
	return err
}

// functionEnvironment is how a function reaches this server: by the variables that all
// current AWS SDKs follow, with credentials for what its entry allows.
func (s *Server) functionEnvironment(name string, allow []string) (map[string]string, time.Time, error) {
	lent, err := s.access.Lend(name, allow, functionLease)
	if err != nil {
		return nil, time.Time{}, err
	}
	variables := map[string]string{
		"AWS_ACCESS_KEY_ID": lent.AccessKeyID, "AWS_SECRET_ACCESS_KEY": lent.SecretAccessKey,
		"AWS_SESSION_TOKEN": lent.SessionToken,
	}
	for _, service := range []string{"COGNITO_IDENTITY_PROVIDER", "COGNITO_IDENTITY", "COGNITO_SYNC", "STS", "IAM", "KMS"} {
		variables["AWS_ENDPOINT_URL_"+service] = s.config.PublicURL
	}
	return variables, lent.Until, nil
}

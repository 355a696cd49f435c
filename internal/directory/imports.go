package directory

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// maxImports is how many import jobs a pool can have (AWS's quota).
	maxImports = 1000
	// importLife is how long a job waits for its start (AWS: 24 to 48 hours).
	importLife = 24 * time.Hour
)

// ImportLimits bound what one import job takes.
type ImportLimits struct {
	Rows  int64 // of a file, without the header; 0 is 500,000
	Bytes int64 // of a file; 0 is 100 MB
}

// AWS's limits (guide: "Importing users into user pools from a CSV file").
const (
	DefaultImportRows  = 500_000
	DefaultImportBytes = 100 << 20
)

func (l ImportLimits) orDefaults() ImportLimits {
	if l.Rows == 0 {
		l.Rows = DefaultImportRows
	}
	if l.Bytes == 0 {
		l.Bytes = DefaultImportBytes
	}
	return l
}

// GetCSVHeader returns the columns that a file to import must have.
func (s *Service) GetCSVHeader(ctx context.Context, _ *api.Call, in *cognitoidp.GetCSVHeaderRequest) (*cognitoidp.GetCSVHeaderResponse, error) {
	pool, err := s.catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetCSVHeaderResponse{UserPoolId: in.UserPoolId, CSVHeader: csvHeader(pool)}, nil
}

// CreateUserImportJob makes a job that waits for its file. The answer's PreSignedUrl is
// where the file goes.
func (s *Service) CreateUserImportJob(ctx context.Context, call *api.Call, in *cognitoidp.CreateUserImportJobRequest) (*cognitoidp.CreateUserImportJobResponse, error) {
	pool, err := s.catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	n, err := s.store.CountImports(ctx, pool.Internal())
	if err != nil {
		return nil, err
	}
	if n >= maxImports {
		return nil, fault.LimitExceeded(textManyImports)
	}
	id, err := naming.Alphanumeric(s.random, 10)
	if err != nil {
		return nil, err
	}
	x := &store.Import{
		Pool: pool.Internal(), Created: call.Time,
		Config: &cognitoidp.UserImportJobType{
			JobName: in.JobName, JobId: new("import-" + id), UserPoolId: in.UserPoolId,
			CreationDate: api.Time(call.Time), Status: new(cognitoidp.UserImportJobStatusTypeCreated),
			CloudWatchLogsRoleArn: in.CloudWatchLogsRoleArn, PasswordHashingAlgorithm: in.PasswordHashingAlgorithm,
		},
	}
	// The job that expires it follows the clock that nothing moves; what is shown follows Now.
	if err := s.store.CreateImport(ctx, x, s.clock.Outside().Add(importLife)); err != nil {
		return nil, orNoPool(err, pool)
	}
	return &cognitoidp.CreateUserImportJobResponse{UserImportJob: s.importType(call, x)}, nil
}

func orNoPool(err error, pool *catalog.Pool) error {
	if errors.Is(err, store.ErrNotFound) {
		return catalog.PoolNotFound(pool.ID())
	}
	return err
}

// DescribeUserImportJob shows a job and how far it is. Its PreSignedUrl is good from now on:
// before the start it takes the file, afterwards it returns the log.
func (s *Service) DescribeUserImportJob(ctx context.Context, call *api.Call, in *cognitoidp.DescribeUserImportJobRequest) (*cognitoidp.DescribeUserImportJobResponse, error) {
	pool, err := s.catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	x, err := s.store.FindImport(ctx, pool.Internal(), api.Value(in.JobId))
	if err != nil {
		return nil, orNoImport(err, in.JobId)
	}
	return &cognitoidp.DescribeUserImportJobResponse{UserImportJob: s.importType(call, x)}, nil
}

func orNoImport(err error, jobID *string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.ResourceNotFound("User import job " + api.Value(jobID) + " does not exist.").Because(err)
	}
	return err
}

// ListUserImportJobs lists the jobs of a pool, the newest first.
func (s *Service) ListUserImportJobs(ctx context.Context, call *api.Call, in *cognitoidp.ListUserImportJobsRequest) (*cognitoidp.ListUserImportJobsResponse, error) {
	pool, err := s.catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	place := listContext(pool, "ListUserImportJobs")
	var after store.ImportAfter
	if in.PaginationToken != nil {
		mark, err := s.openPage(call, place, *in.PaginationToken, textNextToken)
		if err != nil {
			return nil, err
		}
		after.Created = time.UnixMilli(int64(binary.BigEndian.Uint64(mark)))
		after.JobID = string(mark[8:])
	}
	limit := api.Value(in.MaxResults)
	list, err := s.store.ListImports(ctx, pool.Internal(), after, limit+1)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUserImportJobsResponse{UserImportJobs: []cognitoidp.UserImportJobType{}}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		mark := append(binary.BigEndian.AppendUint64(nil, uint64(last.Created.UnixMilli())), last.ID()...)
		if out.PaginationToken, err = s.sealPage(call, place, mark); err != nil {
			return nil, err
		}
	}
	for _, x := range list {
		out.UserImportJobs = append(out.UserImportJobs, *s.importType(call, x))
	}
	return out, nil
}

// StartUserImportJob lets a job run, once, when its file is there.
func (s *Service) StartUserImportJob(ctx context.Context, call *api.Call, in *cognitoidp.StartUserImportJobRequest) (*cognitoidp.StartUserImportJobResponse, error) {
	pool, err := s.catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	if !pool.AutoVerified(catalog.Email) && !pool.AutoVerified(catalog.PhoneNumber) {
		if _, err := s.store.FindImport(ctx, pool.Internal(), api.Value(in.JobId)); err != nil {
			return nil, orNoImport(err, in.JobId)
		}
		return nil, fault.PreconditionNotMet(textNothingVerified)
	}
	x, err := s.store.ChangeImport(ctx, pool.Internal(), api.Value(in.JobId), store.ImportOptions{Start: true}, func(x *store.Import) error {
		switch {
		case s.importStatus(x, call.Time) != cognitoidp.UserImportJobStatusTypeCreated:
			return fault.PreconditionNotMet(textStarted)
		case x.State.Upload == "":
			return fault.PreconditionNotMet(textNoFile)
		}
		x.Config.Status = new(cognitoidp.UserImportJobStatusTypePending)
		x.Config.StartDate = api.Time(call.Time)
		return nil
	})
	if errors.Is(err, store.ErrImportRunning) {
		return nil, fault.PreconditionNotMet(textImportRuns).Because(err)
	}
	if err != nil {
		return nil, orNoImport(err, in.JobId)
	}
	return &cognitoidp.StartUserImportJobResponse{UserImportJob: s.importType(call, x)}, nil
}

// StopUserImportJob ends a job before its next rows. Users that it has made stay.
func (s *Service) StopUserImportJob(ctx context.Context, call *api.Call, in *cognitoidp.StopUserImportJobRequest) (*cognitoidp.StopUserImportJobResponse, error) {
	pool, err := s.catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	x, err := s.store.ChangeImport(ctx, pool.Internal(), api.Value(in.JobId), store.ImportOptions{}, func(x *store.Import) error {
		switch api.Value(x.Config.Status) {
		case cognitoidp.UserImportJobStatusTypePending, cognitoidp.UserImportJobStatusTypeInProgress:
			x.Config.Status = new(cognitoidp.UserImportJobStatusTypeStopping)
			return nil
		default:
			return fault.PreconditionNotMet(textNotRunning)
		}
	})
	if err != nil {
		return nil, orNoImport(err, in.JobId)
	}
	return &cognitoidp.StopUserImportJobResponse{UserImportJob: s.importType(call, x)}, nil
}

// importStatus is the status of a job at now: one that was never started expires.
func (s *Service) importStatus(x *store.Import, now time.Time) cognitoidp.UserImportJobStatusType {
	status := api.Value(x.Config.Status)
	if status == cognitoidp.UserImportJobStatusTypeCreated && !now.Before(x.Created.Add(importLife)) {
		return cognitoidp.UserImportJobStatusTypeExpired
	}
	return status
}

// importType is a job as an answer shows it.
func (s *Service) importType(call *api.Call, x *store.Import) *cognitoidp.UserImportJobType {
	out := *x.Config
	status := s.importStatus(x, call.Time)
	out.Status = &status
	out.ImportedUsers, out.SkippedUsers, out.FailedUsers = new(x.State.Imported), new(x.State.Skipped), new(x.State.Failed)
	what := forLog
	switch status {
	case cognitoidp.UserImportJobStatusTypeCreated:
		what = forUpload
	case cognitoidp.UserImportJobStatusTypeExpired:
		out.CompletionMessage = new(textImportExpired)
	}
	out.PreSignedUrl = new(s.publicURL + s.signImport(x, what, call.Time))
	return &out
}

package directory

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/fault"
	"github.com/cenote-id/cenote/internal/naming"
	"github.com/cenote-id/cenote/internal/seal"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// uploadPiece is how many bytes of an upload are stored together.
	uploadPiece = 512 << 10
	// signedFor is how long a pre-signed address can be used (guide: 15 minutes).
	signedFor = 15 * time.Minute
	// signedSkew is how far ahead the clock of the node that signed may be.
	signedSkew = time.Minute
	signedISO  = "20060102T150405Z"
)

// What a pre-signed address is for.
const (
	forUpload = ""
	forLog    = "/log"
)

// The parameters of a pre-signed address, in the manner of Signature Version 4. Only this
// server makes and reads them.
const (
	paramAlgorithm = "X-Amz-Algorithm"
	paramDate      = "X-Amz-Date"
	paramExpires   = "X-Amz-Expires"
	paramHeaders   = "X-Amz-SignedHeaders"
	paramSignature = "X-Amz-Signature"

	signedAlgorithm = "CENOTE-HMAC-SHA256"
)

// The codes of S3's errors, which clients of pre-signed addresses know.
const (
	codeDenied    = "AccessDenied"
	codeSignature = "SignatureDoesNotMatch"
	codeTooLarge  = "EntityTooLarge"
	codeNoCSV     = "InvalidRequest"
	codeAborted   = "OperationAborted"
	codeBroken    = "IncompleteBody"
)

// signImport returns the path and the query of a pre-signed address that is good from now on.
func (s *Service) signImport(x *store.Import, what string, now time.Time) string {
	date := now.UTC().Format(signedISO)
	expires := strconv.Itoa(int(signedFor / time.Second))
	q := url.Values{
		paramAlgorithm: {signedAlgorithm}, paramDate: {date}, paramExpires: {expires}, paramHeaders: {"host"},
		paramSignature: {hex.EncodeToString(s.importMAC(x.Pool, x.ID(), what, date, expires))},
	}
	return "/" + *x.Config.UserPoolId + "/import/" + x.ID() + what + "?" + q.Encode()
}

func (s *Service) importMAC(pool store.PoolID, jobID, what, date, expires string) []byte {
	return s.store.Keyring().Derive(seal.Import,
		seal.Context("address", strconv.FormatInt(int64(pool), 10), jobID, what, date, expires))
}

// signedImport returns the import that a pre-signed address is about. Who has no good one
// learns nothing of pools and jobs.
func (s *Service) signedImport(ctx context.Context, poolID, jobID, what string, q url.Values) (*catalog.Pool, *store.Import, error) {
	for _, name := range []string{paramAlgorithm, paramDate, paramExpires, paramHeaders, paramSignature} {
		if len(q[name]) != 1 {
			return nil, nil, fault.New(codeDenied, textDenied)
		}
	}
	pool, err := s.catalog.Pool(ctx, poolID)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return nil, nil, fault.New(codeSignature, textURLSignature).Because(f)
	}
	if err != nil {
		return nil, nil, err
	}
	signature, err := hex.DecodeString(q.Get(paramSignature))
	want := s.importMAC(pool.Internal(), jobID, what, q.Get(paramDate), q.Get(paramExpires))
	if err != nil || !hmac.Equal(signature, want) || q.Get(paramAlgorithm) != signedAlgorithm || q.Get(paramHeaders) != "host" {
		return nil, nil, fault.New(codeSignature, textURLSignature)
	}
	date, err := time.Parse(signedISO, q.Get(paramDate))
	if now := s.clock.Now(); err != nil || now.Before(date.Add(-signedSkew)) || !now.Before(date.Add(signedFor)) {
		return nil, nil, fault.New(codeDenied, textURLExpired)
	}
	x, err := s.store.FindImport(ctx, pool.Internal(), jobID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, fault.New(codeDenied, textDenied).Because(err)
	}
	return pool, x, err
}

// ReceiveImport stores the file of an import job, which came to its pre-signed address. A
// file that is refused, or breaks off, leaves the job as it was, with the file that it had.
// The errors have the codes of S3.
func (s *Service) ReceiveImport(ctx context.Context, poolID, jobID string, query url.Values, body io.Reader) error {
	pool, x, err := s.signedImport(ctx, poolID, jobID, forUpload, query)
	if err != nil {
		return err
	}
	draft, err := naming.Alphanumeric(s.random, 16)
	if err != nil {
		return err
	}
	x, err = s.changeUpload(ctx, x, func(x *store.Import) error {
		x.State.Draft = draft
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.dropUploads(ctx, x, false); err != nil {
		return err
	}
	size, err := s.receivePieces(ctx, pool, x, body)
	if err == nil {
		x, err = s.changeUpload(ctx, x, func(x *store.Import) error {
			if x.State.Draft != draft {
				return fault.New(codeAborted, textOvertaken)
			}
			x.State.Upload, x.State.Size, x.State.Draft = draft, size, ""
			return nil
		})
	}
	if err == nil {
		return s.dropUploads(ctx, x, false)
	}
	return errors.Join(err, s.abandonUpload(context.WithoutCancel(ctx), x, draft))
}

// abandonUpload drops an upload that was refused or broke off, unless another has begun.
func (s *Service) abandonUpload(ctx context.Context, x *store.Import, draft string) error {
	if x == nil {
		return nil
	}
	x, err := s.changeUpload(ctx, x, func(x *store.Import) error {
		if x.State.Draft == draft {
			x.State.Draft = ""
		}
		return nil
	})
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return nil // the end of the job drops all uploads
	}
	if err != nil {
		return err
	}
	return s.dropUploads(ctx, x, false)
}

// changeUpload changes the uploads of a job that still takes one.
func (s *Service) changeUpload(ctx context.Context, x *store.Import, mutate func(*store.Import) error) (*store.Import, error) {
	next, err := s.store.ChangeImport(ctx, x.Pool, x.ID(), store.ImportOptions{}, func(x *store.Import) error {
		if s.importStatus(x, s.clock.Now()) != cognitoidp.UserImportJobStatusTypeCreated {
			return fault.New(codeDenied, textUploadClosed)
		}
		return mutate(x)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.New(codeDenied, textDenied).Because(err)
	}
	return next, err
}

// receivePieces stores a file piece by piece while it comes, and returns its size.
func (s *Service) receivePieces(ctx context.Context, pool *catalog.Pool, x *store.Import, body io.Reader) (size int64, err error) {
	checker := textChecker{maxRows: s.imports.Rows}
	buffer := make([]byte, uploadPiece)
	for seq := int64(0); ; seq++ {
		n, err := io.ReadFull(body, buffer)
		piece := buffer[:n]
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return 0, fault.New(codeBroken, "The upload broke off.").Because(err)
		}
		if size += int64(n); size > s.imports.Bytes {
			return 0, fault.New(codeTooLarge, textTooLarge)
		}
		if err := checker.check(piece); n > 0 && err != nil {
			return 0, refusedFile(err)
		}
		if seq == 0 {
			row, whole := firstLine(piece)
			if !whole && !last {
				return 0, refusedFile(errors.New("its first row is too long"))
			}
			if _, err := checkHeader(pool, x.Config, row); n > 0 && err != nil {
				return 0, refusedFile(err)
			}
		}
		if n > 0 {
			if err := s.store.PutUpload(ctx, x, seq, piece); err != nil {
				return 0, overtaken(err)
			}
		}
		if last {
			if n == 0 && seq == 0 {
				checker.begun = false
			}
			return size, refusedFile(checker.end())
		}
	}
}

func refusedFile(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errRows):
		return fault.New(codeTooLarge, textTooManyRows)
	default:
		return fault.New(codeNoCSV, textNoCSV+err.Error()+".")
	}
}

func overtaken(err error) error {
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		return fault.New(codeAborted, textOvertaken).Because(err)
	}
	return err
}

// dropUploads deletes the pieces of uploads that nobody needs; all of them at the end of a
// job.
func (s *Service) dropUploads(ctx context.Context, x *store.Import, all bool) error {
	for {
		more, err := s.store.DropUploads(ctx, x, all)
		if err != nil || !more {
			return err
		}
	}
}

// SendImportLog writes what became of the rows of an import job, to who has its pre-signed
// address. begin is called before the first byte. The errors have the codes of S3.
func (s *Service) SendImportLog(ctx context.Context, poolID, jobID string, query url.Values, begin func(), to io.Writer) error {
	_, x, err := s.signedImport(ctx, poolID, jobID, forLog, query)
	if err != nil {
		return err
	}
	begin()
	for seq := range x.State.LogPieces {
		piece, err := s.store.LogPiece(ctx, x, seq)
		if err != nil {
			return fmt.Errorf("read the log of an import: %w", err)
		}
		if _, err := to.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

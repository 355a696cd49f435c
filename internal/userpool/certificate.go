package userpool

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/store"
)

const (
	// certificateYears is for how long a signing certificate is good (the model's text of
	// GetSigningCertificate).
	certificateYears = 10
	// certificateRenewal is how long before its end a new one takes its place, for the same key.
	certificateRenewal = 365 * 24 * time.Hour
)

// samlCertificate is the certificate of the key with which a pool signs what it sends to
// SAML identity providers: a key of its own, beside the record, so that no token's key
// ever signs XML.
type samlCertificate struct {
	DER     []byte
	Expires api.Timestamp
}

func samlCertificates(db *store.DB) store.Resources[samlCertificate] {
	return store.NewResources[samlCertificate](db, "saml-certificate")
}

// GetSigningCertificate shows the certificate of the pool's key for SAML, in base64 without
// armour. The first call makes both.
func (s *Service) GetSigningCertificate(ctx context.Context, call *api.Call, in *cognitoidp.GetSigningCertificateRequest) (*cognitoidp.GetSigningCertificateResponse, error) {
	pool, err := s.deps.Catalog.FreshPool(ctx, api.Value(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	der, err := retryConflicts(func() ([]byte, error) { return s.certificate(ctx, pool, call.Time) })
	if err != nil {
		return nil, err
	}
	return &cognitoidp.GetSigningCertificateResponse{Certificate: new(base64.StdEncoding.EncodeToString(der))}, nil
}

func (s *Service) certificate(ctx context.Context, pool *catalog.Pool, now time.Time) ([]byte, error) {
	table := samlCertificates(s.deps.Store)
	x, err := table.Find(ctx, pool.Internal(), ofPool)
	fresh := errors.Is(err, store.ErrNotFound)
	switch {
	case fresh:
		pair, err := s.deps.Keys.Take(ctx)
		if err != nil {
			return nil, err
		}
		x = &store.Resource[samlCertificate]{Pool: pool.Internal(), Name: ofPool, Secret: pair.ID}
	case err != nil:
		return nil, err
	case now.Add(certificateRenewal).Before(x.Config.Expires.Time()):
		return x.Config.DER, nil
	}
	if x.Config, err = s.issueCertificate(pool.ID(), x.Secret, now); err != nil {
		return nil, err
	}
	if fresh {
		err = table.Create(ctx, pool.ID(), x)
		if exists, ok := errors.AsType[*store.ExistsError](err); ok {
			err = errors.Join(store.ErrConflict, exists)
		}
	} else {
		err = table.Update(ctx, pool.ID(), x)
	}
	s.deps.Catalog.DropPool(pool.ID())
	if errors.Is(err, store.ErrNotFound) {
		return nil, catalog.PoolNotFound(pool.ID())
	}
	return x.Config.DER, err
}

// issueCertificate makes a self-signed certificate of a private key in PKCS#8.
func (s *Service) issueCertificate(poolID string, pkcs8 []byte, now time.Time) (*samlCertificate, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("userpool: the pool's key for SAML cannot be read: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("userpool: the pool's key for SAML is %T", parsed)
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(s.deps.Random, serial); err != nil {
		return nil, fmt.Errorf("userpool: make a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: poolID},
		NotBefore:    now, NotAfter: now.AddDate(certificateYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(s.deps.Random, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("userpool: make the certificate for SAML: %w", err)
	}
	return &samlCertificate{DER: der, Expires: *api.Time(template.NotAfter)}, nil
}

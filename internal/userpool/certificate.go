package userpool

import (
	"context"
	"crypto"
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
	// certificateYears is for how long a certificate is good (the model's text of
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
	if x.Config, err = selfSigned(x.Secret, pool.ID(), now, x509.KeyUsageDigitalSignature, s.deps.Random); err != nil {
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

// selfSigned makes a certificate of a private key in PKCS#8 for a use in SAML.
func selfSigned(pkcs8 []byte, poolID string, now time.Time, usage x509.KeyUsage, random io.Reader) (*samlCertificate, error) {
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("userpool: read a key for SAML: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("userpool: a key for SAML is %T", key)
	}
	var serial [16]byte
	if _, err := io.ReadFull(random, serial[:]); err != nil {
		return nil, fmt.Errorf("userpool: make a serial number: %w", err)
	}
	serial[0] &= 0x7f // a positive number (RFC 5280, section 4.1.2.2)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:]), Subject: pkix.Name{CommonName: poolID},
		NotBefore: now, NotAfter: now.AddDate(certificateYears, 0, 0), KeyUsage: usage,
	}
	der, err := x509.CreateCertificate(random, template, template, signer.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("userpool: make a certificate for SAML: %w", err)
	}
	return &samlCertificate{DER: der, Expires: *api.Time(template.NotAfter)}, nil
}

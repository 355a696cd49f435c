package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// writePair writes a certificate with a serial number and its key.
func writePair(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}, &x509.Certificate{SerialNumber: big.NewInt(serial)}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// File systems tell times apart only so far.
	stamp := time.Unix(serial, 0)
	if err := os.Chtimes(certFile, stamp, stamp); err != nil {
		t.Fatal(err)
	}
}

func TestRenewedCertificateIsTakenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, certFile, keyFile, 1)
	synctest.Test(t, func(t *testing.T) {
		config, err := serverTLS(certFile, keyFile, time.Now, slog.New(slog.NewTextHandler(t.Output(), nil)))
		if err != nil {
			t.Fatal(err)
		}
		shows := func(want int64) {
			t.Helper()
			pair, err := config.GetCertificate(&tls.ClientHelloInfo{})
			if err != nil {
				t.Fatal(err)
			}
			if got := pair.Leaf.SerialNumber.Int64(); got != want {
				t.Errorf("shows certificate %d, want %d", got, want)
			}
		}
		shows(1)
		writePair(t, certFile, keyFile, 2)
		shows(1)
		time.Sleep(certificateAge)
		shows(2)
		if err := os.WriteFile(certFile, []byte("half a certi"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(certificateAge)
		shows(2)
		writePair(t, certFile, keyFile, 3)
		time.Sleep(certificateAge)
		shows(3)
	})
}

func TestCertificateMustBeThereAtTheStart(t *testing.T) {
	t.Parallel()
	if _, err := serverTLS("missing.pem", "missing.pem", time.Now, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a missing certificate was accepted")
	}
}

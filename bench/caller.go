package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// accessKey is an AWS access key.
type accessKey struct{ ID, Secret string }

// caller calls the server's API over connections that stay open.
type caller struct {
	address   string
	transport *http.Transport
	root      accessKey
	repeated  atomic.Int64 // calls that were refused as too many and made again
}

func newCaller(address string, connections int, root accessKey) *caller {
	return &caller{address: address, root: root, transport: &http.Transport{
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true,
	}}
}

func (c *caller) close() { c.transport.CloseIdleConnections() }

// refusal is an answer that is no success.
type refusal struct {
	operation string
	status    int
	body      []byte
}

// Error shows the answer.
func (r *refusal) Error() string {
	return fmt.Sprintf("%s answered %d: %s", r.operation, r.status, r.body)
}

// call calls an operation that needs no signature and returns the answer's body.
func (c *caller) call(ctx context.Context, operation string, in any) ([]byte, error) {
	return c.insist(func() ([]byte, error) { return c.once(ctx, operation, in) })
}

// once is call that does not insist.
func (c *caller) once(ctx context.Context, operation string, in any) ([]byte, error) {
	r, _, err := c.request(ctx, operation, in)
	if err != nil {
		return nil, err
	}
	return c.send(r, operation)
}

// signed is call of an operation that administrators sign.
func (c *caller) signed(ctx context.Context, operation string, in any) ([]byte, error) {
	return c.insist(func() ([]byte, error) {
		r, body, err := c.request(ctx, operation, in)
		if err != nil {
			return nil, err
		}
		c.root.sign(r, body, time.Now())
		return c.send(r, operation)
	})
}

// insist calls again when the server had no time for the call, as it has when the machine
// stalls. What the refusals cost counts.
func (c *caller) insist(call func() ([]byte, error)) ([]byte, error) {
	for {
		body, err := call()
		if !tooMany(err) {
			return body, err
		}
		c.repeated.Add(1)
	}
}

func tooMany(err error) bool {
	refused, ok := errors.AsType[*refusal](err)
	return ok && bytes.Contains(refused.body, []byte("TooManyRequestsException"))
}

func (c *caller) request(ctx context.Context, operation string, in any) (r *http.Request, body []byte, err error) {
	if body, err = json.Marshal(in); err != nil {
		return nil, nil, err
	}
	r, err = http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.address+"/", bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	return r, body, nil
}

func (c *caller) send(r *http.Request, operation string) ([]byte, error) {
	answer, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, &refusal{operation, answer.StatusCode, body}
	}
	return body, nil
}

// sign signs a request to / without a query, by Signature Version 4.
func (k accessKey) sign(r *http.Request, body []byte, now time.Time) {
	const headers = "content-type;host;x-amz-date;x-amz-target"
	at := now.UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", at)
	canonical := "POST\n/\n\ncontent-type:" + r.Header.Get("Content-Type") + "\nhost:" + r.URL.Host +
		"\nx-amz-date:" + at + "\nx-amz-target:" + r.Header.Get("X-Amz-Target") + "\n\n" + headers + "\n" + hexDigest(body)
	day := at[:8]
	scope := day + "/us-east-1/cognito-idp/aws4_request"
	text := "AWS4-HMAC-SHA256\n" + at + "\n" + scope + "\n" + hexDigest([]byte(canonical))
	key := []byte("AWS4" + k.Secret)
	for _, part := range []string{day, "us-east-1", "cognito-idp", "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+k.ID+"/"+scope+
		", SignedHeaders="+headers+", Signature="+hex.EncodeToString(key))
}

func hexDigest(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

// fetch gets a URL.
func fetch(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, answer.Status, body)
	}
	return body, err
}

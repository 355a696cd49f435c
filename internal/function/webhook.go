package function

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// webhook posts events to an HTTP endpoint. The receiver checks the signature, and that
// the timestamp is less than five minutes off, before it believes an event:
//
//	Cenote-Signature: v1=hex(HMAC-SHA256(secret, timestamp + "." + body)), one per secret
type webhook struct {
	service *Service
	entry   *Entry
}

// attempt implements backend. An answer of 200 is the event with its response, or an
// object with just the response; 204 leaves the event as it is; a 4xx with an errorMessage
// is the function's own error.
func (w *webhook) attempt(ctx context.Context, c Call) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.entry.URL, bytes.NewReader(c.Payload))
	if err != nil {
		return nil, &InvocationError{Name: "InvalidRequestContentException", Cause: err}
	}
	timestamp := strconv.FormatInt(w.service.deps.Clock.Outside().Unix(), 10)
	kind, _, _ := strings.Cut(c.Trigger, "_")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Cenote-Trigger", kind)
	request.Header.Set("Cenote-Trigger-Source", c.Trigger)
	request.Header.Set("Cenote-Request-Id", c.RequestID)
	request.Header.Set("Cenote-Timestamp", timestamp)
	for _, secret := range w.entry.Secrets {
		request.Header.Add("Cenote-Signature", "v1="+signature(secret, timestamp, c.Payload))
	}
	a, err := w.service.post(request)
	if err != nil {
		return nil, err
	}
	switch {
	case a.status == http.StatusNoContent:
		return c.Payload, nil
	case a.status == http.StatusOK:
		return a.body, nil
	case a.status >= 400 && a.status < 500 && a.status != http.StatusTooManyRequests:
		var f failure
		if json.Unmarshal(a.body, &f) == nil && f.Message != nil {
			return nil, functionError(a.body)
		}
	}
	return nil, &InvocationError{
		Name: "ServiceException", Cause: fmt.Errorf("the webhook answered %d", a.status),
		again: a.status == http.StatusTooManyRequests,
	}
}

func signature(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// tidy implements backend: connections are the client's.
func (w *webhook) tidy(bool) {}

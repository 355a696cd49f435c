package risk_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/catalog"
	"github.com/cenote-id/cenote/internal/clock"
	"github.com/cenote-id/cenote/internal/risk"
	"github.com/cenote-id/cenote/internal/store"
	"github.com/cenote-id/cenote/internal/store/storetest"
)

// The events of a pool are lines of the log where its log delivery asks for them.
func TestLog(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	var text bytes.Buffer
	s := risk.New(risk.Deps{Store: db, Clock: clock.New(nil), Log: slog.New(slog.NewTextHandler(&text, nil))})
	record := func(id string, sources ...cognitoidp.EventSourceName) {
		t.Helper()
		p := storetest.Pool(t, db, id)
		p.Config.UserPoolAddOns = &cognitoidp.UserPoolAddOnsType{AdvancedSecurityMode: new(cognitoidp.AdvancedSecurityModeTypeAudit)}
		u := storetest.User(t, db, p.ID, "alice")
		delivery := &cognitoidp.LogDeliveryConfigurationType{UserPoolId: &id}
		for _, source := range sources {
			delivery.LogConfigurations = append(delivery.LogConfigurations, cognitoidp.LogConfigurationType{EventSource: &source})
		}
		if sources != nil {
			err := catalog.LogDeliveries(db).Create(t.Context(), id, &store.Resource[cognitoidp.LogDeliveryConfigurationType]{
				Pool: p.ID, Name: catalog.LogDelivery, Config: delivery,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		client := catalog.NewClient(&store.Client{Pool: p.ID, Config: &cognitoidp.UserPoolClientType{ClientId: new("c")}}, catalog.NewPool(p))
		s.Record(t.Context(), s.Open(client, cognitoidp.EventTypeSignUp, u, time.UnixMilli(1_700_000_000_000), risk.Origin{}), u, cognitoidp.EventResponseTypePass)
	}
	record("us-east-1_none")
	record("us-east-1_messages", cognitoidp.EventSourceNameUserNotification)
	record("us-east-1_both", cognitoidp.EventSourceNameUserNotification, cognitoidp.EventSourceNameUserAuthEvents)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	line := text.String()
	for _, part := range []string{`level=INFO msg="auth event"`, "pool=us-east-1_both", "type=SignUp", "response=Pass"} {
		if !strings.Contains(line, part) {
			t.Errorf("no %s in %s", part, line)
		}
	}
	if strings.Count(line, "\n") != 1 || strings.Contains(line, "alice") {
		t.Errorf("the log is %s", line)
	}
}

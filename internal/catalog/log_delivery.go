package catalog

import (
	"slices"

	"github.com/cenote-id/cenote/api"
	"github.com/cenote-id/cenote/api/cognitoidp"
	"github.com/cenote-id/cenote/internal/store"
)

// LogDelivery is the name of a pool's log delivery configuration, of which it has one.
const LogDelivery = "*"

// LogDeliveries is the table of log delivery configurations.
func LogDeliveries(db *store.DB) store.Resources[cognitoidp.LogDeliveryConfigurationType] {
	return store.NewResources[cognitoidp.LogDeliveryConfigurationType](db, "log-delivery")
}

// LogsFrom says whether a configuration asks for the logs of a source.
func LogsFrom(c *cognitoidp.LogDeliveryConfigurationType, source cognitoidp.EventSourceName) bool {
	return slices.ContainsFunc(c.LogConfigurations, func(l cognitoidp.LogConfigurationType) bool {
		return api.Value(l.EventSource) == source
	})
}

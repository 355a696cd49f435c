package message

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	messages *prometheus.CounterVec
	delivery *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cenote_messages_total",
			Help: "Messages handed to a sender.",
		}, []string{"channel", "template", "transport", "result"}),
		delivery: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cenote_message_delivery_seconds",
			Help: "Time until a sender accepted or refused a message.",
		}, []string{"channel", "transport"}),
	}
	if r != nil {
		r.MustRegister(m.messages, m.delivery)
	}
	return m
}

func (m metrics) observe(e Envelope, transport string, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.messages.WithLabelValues(string(e.Medium), string(e.Source), transport, result).Inc()
	m.delivery.WithLabelValues(string(e.Medium), transport).Observe(took.Seconds())
}

// dropped counts a delivery of the queue that was given up.
func (m metrics) dropped(d *delivery, result string) {
	if d.Envelope == nil {
		m.messages.WithLabelValues("", d.Function.Source, "function", result).Inc()
		return
	}
	m.messages.WithLabelValues(string(d.Envelope.Medium), string(d.Envelope.Source), "outbox", result).Inc()
}

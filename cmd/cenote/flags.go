package main

import (
	"net/netip"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/cenote-id/cenote"
)

// Tags of flags besides kong's own: args marks what stands on command lines only, and
// secret what may also be read from the file that CENOTE_<FLAG>_FILE names.

// publicFlags describe the public port and where the server says it stands.
type publicFlags struct {
	Listen         string    `group:"Network" default:"${listen}" placeholder:"HOST:PORT" help:"Address of the public port (default ${default})."`
	PublicURL      string    `name:"public-url" group:"Network" placeholder:"URL" help:"Where clients reach the server; issuers begin with it. Default: the listen address, where only this machine can reach it."`
	TLSCert        string    `name:"tls-cert" and:"tls" group:"Network" placeholder:"FILE" help:"Certificate chain in PEM. A renewed one is taken up without a restart."`
	TLSKey         string    `name:"tls-key" and:"tls" group:"Network" placeholder:"FILE" help:"Private key of the certificate in PEM."`
	TrustedProxies []network `name:"trusted-proxies" group:"Network" placeholder:"NETWORK" help:"Addresses and networks whose X-Forwarded-For is believed."`
	Origins        []string  `group:"Network" placeholder:"ORIGIN" help:"Web origins that may send credentials. Default: all origins may call, without credentials."`

	Region    string `group:"Place" default:"${region}" placeholder:"NAME" help:"AWS region that ids and ARNs name (default ${default})."`
	AccountID string `name:"account-id" group:"Place" default:"${account}" placeholder:"DIGITS" help:"AWS account that ARNs name (default ${default})."`
}

// configure copies the settings into a server's configuration.
func (f *publicFlags) configure(c *cenote.Config) (err error) {
	c.Listen, c.PublicURL, c.Origins = f.Listen, f.PublicURL, f.Origins
	c.Region, c.AccountID = f.Region, f.AccountID
	for _, n := range f.TrustedProxies {
		c.TrustedProxies = append(c.TrustedProxies, n.Prefix)
	}
	if f.TLSCert != "" {
		c.TLS, err = serverTLS(f.TLSCert, f.TLSKey, time.Now, c.Log)
	}
	return err
}

// messageFlags say by whom mails and text messages go out.
type messageFlags struct {
	SMTPURL          cenote.Secret `name:"smtp-url" secret:"" group:"Messages" placeholder:"URL" help:"Who carries mails: smtp[s]://[user:password@]host[:port], ses://KEY:SECRET@REGION, https://... for a webhook, file:DIRECTORY."`
	MailSecret       cenote.Secret `name:"mail-webhook-secret" secret:"" group:"Messages" placeholder:"SECRET" help:"Signs the posts to a webhook of mails."`
	MailFrom         string        `name:"mail-from" group:"Messages" placeholder:"ADDRESS" help:"Sender of the mails of pools that name none."`
	SMSWebhookURL    cenote.Secret `name:"sms-webhook-url" secret:"" group:"Messages" placeholder:"URL" help:"Who carries text messages: https://... for a webhook, sns://KEY:SECRET@REGION, sms-voice://KEY:SECRET@REGION, twilio://ACCOUNT:TOKEN@api.twilio.com?from=NUMBER, file:DIRECTORY."`
	SMSWebhookSecret cenote.Secret `name:"sms-webhook-secret" secret:"" group:"Messages" placeholder:"SECRET" help:"Signs the posts to the webhook of text messages."`
}

// configure copies the settings into a server's configuration.
func (f *messageFlags) configure(c *cenote.Config) {
	c.EmailURL, c.EmailSecret, c.MailFrom = f.SMTPURL, f.MailSecret, f.MailFrom
	c.SMSURL, c.SMSSecret = f.SMSWebhookURL, f.SMSWebhookSecret
}

// importFlags bound user imports.
type importFlags struct {
	ImportMaxRows  int64 `group:"Limits" placeholder:"N" help:"Rows that the file of a user import job may have. Default: 500,000, as on AWS."`
	ImportMaxBytes int64 `group:"Limits" placeholder:"N" help:"Bytes that the file of a user import job may have. Default: 104,857,600, as on AWS."`
}

// configure copies the settings into a server's configuration.
func (f *importFlags) configure(c *cenote.Config) {
	c.MaxImportRows, c.MaxImportBytes = f.ImportMaxRows, f.ImportMaxBytes
}

// riskFlags say what passwords and how many calls are too many.
type riskFlags struct {
	CompromisedPasswords string        `group:"Protection" placeholder:"FILE" help:"Sorted list of the SHA-1 hashes of passwords that attackers know, as the downloader of Have I Been Pwned makes it; used beside the small list that is built in."`
	AuthEventRetention   time.Duration `group:"Protection" default:"${retention}" placeholder:"TIME" help:"How long auth events are kept (default ${default}, two years)."`
	Limits               limits        `group:"Protection" mapsep:";" placeholder:"NAME=NUMBER;..." help:"Request rates and quotas besides AWS's: requests=on|off, admin=on|off, per-client, per-ip, per-user, rates.CATEGORY, quotas.NAME. Requests are limited in production, calls of administrators are not."`
}

// configure copies the settings into a server's configuration.
func (f *riskFlags) configure(c *cenote.Config) (err error) {
	c.CompromisedPasswords, c.AuthEventRetention = f.CompromisedPasswords, f.AuthEventRetention
	c.Limits, err = f.Limits.parse()
	return err
}

// storeFlags name a server's database and its key.
type storeFlags struct {
	Database      cenote.Secret `secret:"" group:"Database" default:"${database}" placeholder:"URL" help:"sqlite:PATH or postgres://... (default ${default})."`
	MasterKeyFile string        `group:"Database" placeholder:"FILE" help:"The key that seals the database's secrets (default ${keyFile}). It is made beside an empty database. CENOTE_MASTER_KEY may hold the key itself instead."`
}

// programFlags are about the program itself. The variable logLevel is the default level.
type programFlags struct {
	Config    string `args:"" group:"Program" placeholder:"FILE" help:"YAML file of settings, under the names of the flags (also CENOTE_CONFIG)."`
	LogLevel  string `group:"Program" enum:"debug,info,warn,error" default:"${logLevel}" placeholder:"LEVEL" help:"Log lines of this level and above: ${enum} (default ${default})."`
	LogFormat string `group:"Program" enum:"auto,text,json" default:"auto" placeholder:"FORMAT" help:"${enum}; auto is text on a terminal and JSON elsewhere."`
}

// productionFlags are what only a production server has.
type productionFlags struct {
	OpsListen      string `group:"Network" default:"${opsListen}" placeholder:"HOST:PORT" help:"Address of /healthz, /readyz and /metrics, empty for none (default ${default})."`
	AllowAWSIssuer bool   `name:"allow-aws-issuer" group:"Place" help:"Allow pools whose tokens name AWS as their issuer."`
}

// adminFlags are what the commands take that work on a server's database: all settings of
// serve, so that they can share its environment and its configuration file. Those that
// mean nothing to them are not shown.
type adminFlags struct {
	storeFlags
	programFlags `set:"logLevel=warn"`
	unusedFlags
}

// unusedFlags are hidden by hideUnused.
type unusedFlags struct {
	publicFlags
	messageFlags
	importFlags
	riskFlags
	productionFlags
}

// hideUnused keeps flags of servers out of the help of other commands.
func hideUnused(k *kong.Kong) error {
	return kong.Visit(k.Model, func(n kong.Visitable, next kong.Next) error {
		node, ok := n.(*kong.Node)
		if !ok || node.Name == "dev" || node.Name == "serve" {
			return next(nil)
		}
		for _, flag := range node.Flags {
			if flag.Group != nil && slices.Contains([]string{"Network", "Place", "Messages", "Limits", "Protection"}, flag.Group.Key) {
				flag.Hidden = true
			}
		}
		return next(nil)
	})
}

// variables are what the tags of flags refer to.
func variables() map[string]string {
	return map[string]string{
		"listen":    cenote.DefaultListen,
		"opsListen": "127.0.0.1:9230",
		"region":    cenote.DefaultRegion,
		"account":   cenote.DefaultAccountID,
		"database":  "sqlite:" + databaseName,
		"data":      dataName,
		"retention": cenote.DefaultAuthEventRetention.String(),
		"keyFile":   keyName,
		"logLevel":  "info",
	}
}

// The names of a server's files, in the working directory or, in development, in a
// directory of their own there.
const (
	dataName     = ".cenote"
	databaseName = "cenote.db"
	keyName      = "master.key"
)

// network is a network or a single address.
type network struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.0/8, 192.0.2.1 and the like.
func (n *network) UnmarshalText(text []byte) (err error) {
	if address, err := netip.ParseAddr(string(text)); err == nil {
		n.Prefix = netip.PrefixFrom(address.Unmap().WithZone(""), address.Unmap().BitLen())
		return nil
	}
	n.Prefix, err = netip.ParsePrefix(string(text))
	return err
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cenote-id/cenote"
)

// typed parses a command line in an environment, with the files that the arguments and
// variables name by %.
func typed(t *testing.T, args []string, env, files map[string]string) (*commands, error) {
	t.Helper()
	dir := t.TempDir()
	at := func(s string) string { return strings.ReplaceAll(s, "%", dir+string(filepath.Separator)) }
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(at(content)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range args {
		args[i] = at(args[i])
	}
	p := &program{stdout: t.Output(), stderr: t.Output(), getenv: func(name string) string { return at(env[name]) }}
	grammar := new(commands)
	_, err := p.parse(t.Context(), args, grammar)
	return grammar, err
}

func TestSettingsComeFromTheFirstSourceThatHasThem(t *testing.T) {
	t.Parallel()
	type env = map[string]string
	listen := func(c *commands) string { return c.Serve.Listen }
	smtp := func(c *commands) string { return string(c.Serve.SMTPURL) }
	secret := func(c *commands) string { return string(c.Serve.SMSWebhookSecret) }
	devListen := func(c *commands) string { return c.Dev.Listen }
	for name, test := range map[string]struct {
		args, file string // file is given by CENOTE_CONFIG
		env        env
		of         func(*commands) string
		want       string
	}{
		"default":             {args: "serve", of: listen, want: "127.0.0.1:9229"},
		"file":                {args: "serve", file: "listen: :1", of: listen, want: ":1"},
		"environment":         {args: "serve", file: "listen: :1", env: env{"CENOTE_LISTEN": ":2"}, of: listen, want: ":2"},
		"flag":                {args: "serve --listen :3", file: "listen: :1", env: env{"CENOTE_LISTEN": ":2"}, of: listen, want: ":3"},
		"--config":            {args: "serve --config %other", file: "listen: :1", of: listen, want: ":4"},
		"empty file":          {args: "serve", file: "# nothing\n", of: listen, want: "127.0.0.1:9229"},
		"empty document":      {args: "serve", file: "---\n", of: listen, want: "127.0.0.1:9229"},
		"HOST does not serve": {args: "serve", env: env{"HOST": "0.0.0.0", "PORT": "1", "CODE": "1"}, of: listen, want: "127.0.0.1:9229"},

		"PORT":                  {args: "dev", env: env{"PORT": "1"}, of: devListen, want: "127.0.0.1:1"},
		"HOST":                  {args: "dev", env: env{"HOST": "::1"}, of: devListen, want: "[::1]:9229"},
		"HOST and PORT":         {args: "dev", file: "listen: :3", env: env{"HOST": "0.0.0.0", "PORT": "1"}, of: devListen, want: "0.0.0.0:1"},
		"CENOTE_LISTEN on PORT": {args: "dev", env: env{"PORT": "1", "CENOTE_LISTEN": ":2"}, of: devListen, want: ":2"},
		"CODE":                  {args: "dev", env: env{"CODE": "123456"}, of: func(c *commands) string { return c.Dev.Code }, want: "123456"},

		"secret":                     {args: "serve", env: env{"CENOTE_SMTP_URL": "smtp://a"}, of: smtp, want: "smtp://a"},
		"secret in a file":           {args: "serve", env: env{"CENOTE_SMTP_URL_FILE": "%secret"}, of: smtp, want: "from a file"},
		"secret's file in the file":  {args: "serve", file: "smtp-url-file: '%secret'", of: smtp, want: "from a file"},
		"secret on secret's file":    {args: "serve", file: "smtp-url-file: '%secret'", env: env{"CENOTE_SMTP_URL": "smtp://a"}, of: smtp, want: "smtp://a"},
		"database is a secret":       {args: "serve", env: env{"CENOTE_DATABASE_FILE": "%secret"}, of: func(c *commands) string { return string(c.Serve.Database) }, want: "from a file"},
		"sender of mail":             {args: "serve", file: "senders: {email: {url: 'smtp://b', from: a@b}}", of: smtp, want: "smtp://b"},
		"address of mail":            {args: "serve", file: "senders: {email: {url: 'smtp://b', from: a@b}}", of: func(c *commands) string { return c.Serve.MailFrom }, want: "a@b"},
		"sender of messages":         {args: "dev", file: "senders: {sms: {url: 'http://b', secret: s}}", of: func(c *commands) string { return string(c.Dev.SMSWebhookURL) }, want: "http://b"},
		"sender's secret":            {args: "serve", file: "senders: {sms: {secret: s}}", of: secret, want: "s"},
		"sender's secret in a file":  {args: "serve", file: "senders: {sms: {secret-file: '%secret'}}", of: secret, want: "from a file"},
		"digits stay digits":         {args: "serve", file: "account-id: 000000000012", of: func(c *commands) string { return c.Serve.AccountID }, want: "000000000012"},
		"empty is a value in a file": {args: "serve", file: "ops-listen: ''", of: func(c *commands) string { return c.Serve.OpsListen }, want: ""},
		"aliases":                    {args: "serve", file: "public-url: &u https://a\nmail-from: *u", of: func(c *commands) string { return c.Serve.MailFrom }, want: "https://a"},
		"ephemeral":                  {args: "dev --ephemeral", of: func(c *commands) string { return strconv.FormatBool(c.Dev.Ephemeral) }, want: "true"},
		"log level":                  {args: "dev", file: "log-level: debug", of: func(c *commands) string { return c.Dev.LogLevel }, want: "debug"},

		"serve's settings elsewhere": {
			args: "access-key list", file: "database: sqlite:x\nlisten: :1\nops-listen: :2\nsenders: {email: {from: a@b}}",
			of: func(c *commands) string { return string(c.AccessKey.List.Database) }, want: "sqlite:x",
		},
		"options are not settings": {
			args: "access-key create", env: env{"CENOTE_USER": "eve", "CENOTE_JSON": "true"},
			of: func(c *commands) string { return c.AccessKey.Create.User }, want: "admin",
		},
		"quiet administration": {args: "access-key list", of: func(c *commands) string { return c.AccessKey.List.LogLevel }, want: "warn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := env{}
			for k, v := range test.env {
				all[k] = v
			}
			if test.file != "" {
				all["CENOTE_CONFIG"] = "%config"
			}
			c, err := typed(t, strings.Fields(test.args), all, map[string]string{
				"config": test.file, "other": "listen: :4", "secret": "from a file\n",
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := test.of(c); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestListsAndSwitches(t *testing.T) {
	t.Parallel()
	want := serveCommand{}
	want.Origins = []string{"https://a", "https://b"}
	for name, test := range map[string]struct {
		args []string
		env  map[string]string
		file string
	}{
		"flags":       {args: []string{"--origins", "https://a,https://b", "--trusted-proxies", "10.0.0.0/8", "--trusted-proxies", "::1", "--allow-aws-issuer"}},
		"environment": {env: map[string]string{"CENOTE_ORIGINS": "https://a,https://b", "CENOTE_TRUSTED_PROXIES": "10.0.0.0/8,::1", "CENOTE_ALLOW_AWS_ISSUER": "true"}},
		"file":        {file: "origins: [https://a, 'https://b']\ntrusted-proxies:\n- 10.0.0.0/8\n- ::1\nallow-aws-issuer: true"},
		"file, one":   {file: "origins: https://a,https://b\ntrusted-proxies: 10.0.0.0/8,::1\nallow-aws-issuer: yes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"serve", "--config", "%config"}, test.args...)
			c, err := typed(t, args, test.env, map[string]string{"config": test.file})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Origins, c.Serve.Origins); diff != "" {
				t.Error(diff)
			}
			var proxies []string
			for _, n := range c.Serve.TrustedProxies {
				proxies = append(proxies, n.String())
			}
			if diff := cmp.Diff([]string{"10.0.0.0/8", "::1/128"}, proxies); diff != "" {
				t.Error(diff)
			}
			if !c.Serve.AllowAWSIssuer {
				t.Error("AWS's issuer is not allowed")
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	want := cenote.Limits{
		Requests: cenote.On, Admin: true, PerIP: 50, PerUser: -1, PerClient: 7.5,
		Rates: map[string]float64{"UserAuthentication": 500, "UserCreation": 0.5}, Quotas: map[string]int{"UserPools": 5},
	}
	const text = "requests=on;admin=true;per-ip=50;per-user=-1;per-client=7.5;rates.UserAuthentication=500;rates.UserCreation=0.5;quotas.UserPools=5"
	for name, test := range map[string]struct {
		args []string
		env  map[string]string
		file string
	}{
		"flag":        {args: []string{"--limits", text}},
		"environment": {env: map[string]string{"CENOTE_LIMITS": text}},
		"file": {file: "limits:\n  requests: on\n  admin: true\n  per-ip: 50\n  per-user: -1\n  per-client: 7.5\n" +
			"  rates: {UserAuthentication: 500, UserCreation: 0.5}\n  quotas:\n    UserPools: 5\n"},
	} {
		c, err := typed(t, append([]string{"serve", "--config", "%config"}, test.args...), test.env, map[string]string{"config": test.file})
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := c.Serve.Limits.parse()
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	for text, want := range map[string]string{
		"rates=3": `limits: unknown name "rates"`, "speed=3": `limits: unknown name "speed"`,
		"rates.UserRead=fast": `limits: rates.UserRead cannot be "fast"`, "quotas.UserPools=1.5": `limits: quotas.UserPools cannot be "1.5"`,
		"requests=maybe": `limits: requests cannot be "maybe"`,
	} {
		name, value, _ := strings.Cut(text, "=")
		if _, err := (limits{name: value}).parse(); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestWhatCannotBeFollowedIsRefused(t *testing.T) {
	t.Parallel()
	type env = map[string]string
	for name, test := range map[string]struct {
		args string
		env  env
		file string
		want string // part of the error
	}{
		"unknown flag":               {args: "serve --port 1", want: "unknown flag --port"},
		"unknown key":                {args: "serve", file: "listen: :1\nport: 1", want: `config, line 2: unknown key "port"`},
		"key of another command":     {args: "dev", file: "ops-listen: :1", want: `unknown key "ops-listen"`},
		"option as a key":            {args: "access-key create", file: "json: true", want: `unknown key "json"`},
		"help as a key":              {args: "serve", file: "help: true", want: `unknown key "help"`},
		"file in the file":           {args: "serve", file: "config: x", want: `unknown key "config"`},
		"unknown sender":             {args: "serve", file: "senders: {pigeon: {url: x}}", want: `unknown key "senders.pigeon"`},
		"unknown key of a sender":    {args: "serve", file: "senders: {email: {password: hunter2}}", want: `unknown key "senders.email.password"`},
		"path as a key":              {args: "serve", file: "senders.email.url: x", want: `unknown key "senders.email.url"`},
		"file of what is no secret":  {args: "serve", file: "listen-file: x", want: `unknown key "listen-file"`},
		"sender that is no mapping":  {args: "serve", file: "senders: {email: hunter2}", want: "settings are expected"},
		"no mapping":                 {args: "serve", file: "- listen", want: "settings are expected"},
		"no YAML":                    {args: "serve", file: "listen: [", want: "config"},
		"two documents":              {args: "serve", file: "listen: :1\n---\nlisten: :2", want: "more than one document"},
		"twice":                      {args: "serve", file: "smtp-url: hunter2\nsenders: {email: {url: x}}", want: `"senders.email.url" sets smtp-url, which has been set already`},
		"twice, once in a file":      {args: "serve", file: "smtp-url-file: x\nsmtp-url: hunter2", want: "has been set already"},
		"no value":                   {args: "serve", file: "smtp-url:", want: `"smtp-url" has no value`},
		"list for one":               {args: "serve", file: "smtp-url: [hunter2]", want: `"smtp-url" takes plain values`},
		"list of lists":              {args: "serve", file: "origins: [[hunter2]]", want: `"origins" takes plain values`},
		"limits that are no mapping": {args: "serve", file: "limits: hunter2", want: `"limits" takes settings`},
		"list of limits":             {args: "serve", file: "limits: {rates: [hunter2]}", want: `"rates" takes plain values`},
		"limit without a value":      {args: "serve", file: "limits: {per-ip: }", want: `"per-ip" has no value`},
		"path as a limit":            {args: "serve", file: "limits: {rates.UserRead: 1}", want: `unknown key "rates.UserRead"`},
		"no such file":               {args: "serve --config %missing", want: "missing"},
		"no such secret":             {args: "serve", env: env{"CENOTE_SMTP_URL_FILE": "%missing"}, want: "CENOTE_SMTP_URL_FILE"},
		"no such secret in the file": {args: "serve", file: "smtp-url-file: '%missing'", want: "smtp-url-file"},
		"empty secret":               {args: "serve", env: env{"CENOTE_SMTP_URL_FILE": "%empty"}, want: "is empty"},
		"secret and its file":        {args: "serve", env: env{"CENOTE_SMTP_URL_FILE": "%secret", "CENOTE_SMTP_URL": "hunter2"}, want: "CENOTE_SMTP_URL and CENOTE_SMTP_URL_FILE are both set"},
		"certificate without key":    {args: "serve --tls-cert x", want: "--tls-key"},
		"no network":                 {args: "serve", env: env{"CENOTE_TRUSTED_PROXIES": "everywhere"}, want: "trusted-proxies"},
		"no level":                   {args: "serve --log-level loud", want: "--log-level"},
		"data that is not kept":      {args: "dev --data x --ephemeral", want: "can't be used together"},
		"nobody's key":               {args: "access-key create --user a/b", want: "--user"},
		"no command":                 {args: "", want: "expected one of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := env{}
			for k, v := range test.env {
				all[k] = v
			}
			if test.file != "" {
				all["CENOTE_CONFIG"] = "%config"
			}
			_, err := typed(t, strings.Fields(test.args), all, map[string]string{
				"config": test.file, "secret": "hunter2", "empty": "\n",
			})
			if err == nil {
				t.Fatal("it was accepted")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want it to say %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q shows a secret", err)
			}
		})
	}
}

func TestRootKeyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	type env = map[string]string
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		env      env
		id, want string // want is the secret
		err      string
	}{
		"none":           {},
		"both":           {env: env{"CENOTE_ROOT_ACCESS_KEY_ID": "AKIAROOT", "CENOTE_ROOT_SECRET_ACCESS_KEY": "s3cret"}, id: "AKIAROOT", want: "s3cret"},
		"secret in file": {env: env{"CENOTE_ROOT_ACCESS_KEY_ID": "AKIAROOT", "CENOTE_ROOT_SECRET_ACCESS_KEY_FILE": file}, id: "AKIAROOT", want: "s3cret"},
		"id alone":       {env: env{"CENOTE_ROOT_ACCESS_KEY_ID": "AKIAROOT"}, err: "belong together"},
		"secret alone":   {env: env{"CENOTE_ROOT_SECRET_ACCESS_KEY": "s3cret"}, err: "belong together"},
		"odd id":         {env: env{"CENOTE_ROOT_ACCESS_KEY_ID": "AKIA/ROOT", "CENOTE_ROOT_SECRET_ACCESS_KEY": "s3cret"}, err: "CENOTE_ROOT_ACCESS_KEY_ID"},
		"secret twice": {env: env{
			"CENOTE_ROOT_ACCESS_KEY_ID": "AKIAROOT", "CENOTE_ROOT_SECRET_ACCESS_KEY": "s3cret", "CENOTE_ROOT_SECRET_ACCESS_KEY_FILE": file,
		}, err: "both set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &program{getenv: func(name string) string { return test.env[name] }}
			key, err := p.rootKey()
			switch {
			case test.err != "":
				if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("got %v, want it to say %q", err, test.err)
				}
			case err != nil:
				t.Error(err)
			case test.id == "":
				if key != nil {
					t.Errorf("got %v, want none", key)
				}
			case key == nil || key.ID != test.id || string(key.Secret) != test.want:
				t.Errorf("got %v, want %s", key, test.id)
			}
		})
	}
}

func TestLogFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"auto": `"msg":"hello"`, "json": `"msg":"hello"`, "text": "msg=hello"} {
		var b bytes.Buffer
		log := (&programFlags{LogLevel: "warn", LogFormat: format}).logger(&b)
		log.Info("unheard")
		log.Warn("hello")
		if got := b.String(); !strings.Contains(got, want) || strings.Contains(got, "unheard") {
			t.Errorf("%s wrote %q, want %q", format, got, want)
		}
	}
}

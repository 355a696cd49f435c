package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/cenote-id/cenote"
)

// Exit codes besides 0.
const (
	exitFailure = 1
	exitUsage   = 2
)

// commands is what can be said on the command line.
type commands struct {
	Dev   devCommand   `cmd:"" group:"Servers" help:"Run for development: any AWS credentials will do, every message is visible."`
	Serve serveCommand `cmd:"" group:"Servers" help:"Run for production."`

	AccessKey accessKeyCommands `cmd:"" group:"Administration" help:"Make, list and disable the access keys of administrators."`
	Migrate   migrateCommand    `cmd:"" group:"Administration" help:"Bring the database's schema up to date."`
	Backup    backupCommand     `cmd:"" group:"Administration" help:"Write everything to a new file, also while the server runs."`
	Restore   restoreCommand    `cmd:"" group:"Administration" help:"Fill an empty database from a backup."`

	Version versionCommand `cmd:"" help:"Print the version."`

	userCommands
}

// BeforeResolve is called by kong when the command is known and its flags are not.
func (*commands) BeforeResolve(ctx *kong.Context, p *program) error { return p.addSettings(ctx) }

// program is what commands run in.
type program struct {
	// stdout receives results, stderr everything else.
	stdout, stderr io.Writer
	// getenv reads the environment; a variable that is empty counts as not set.
	getenv func(string) string
	// functions are those of the configuration file.
	functions []cenote.Function
}

func main() {
	// Nothing here asks for heap profiles; sampling for them would cost a megabyte.
	runtime.MemProfileRate = 0
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks to stop; the next one is not caught and ends the process.
	context.AfterFunc(ctx, stop)
	p := &program{stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// run carries out a command line and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	command, err := p.parse(ctx, args, new(commands))
	if err == nil {
		err = command.Run()
	}
	if err == nil || errors.Is(err, errHelped) {
		return 0
	}
	fmt.Fprintln(p.stderr, "cenote:", err)
	misuse, ok := errors.AsType[*kong.ParseError](err)
	if !ok {
		return exitFailure
	}
	topic := "cenote"
	if misuse.Context != nil && misuse.Context.Selected() != nil {
		topic = misuse.Context.Selected().FullPath()
	}
	fmt.Fprintf(p.stderr, "See: %s --help\n", topic)
	return exitUsage
}

// errHelped says that help was asked for and has been printed.
var errHelped = errors.New("help was printed")

// parse reads a command line into the grammar.
func (p *program) parse(ctx context.Context, args []string, grammar *commands) (*kong.Context, error) {
	helped := false
	parser, err := kong.New(grammar,
		kong.Name("cenote"),
		kong.Description("Amazon Cognito that you run yourself. The servers' settings are flags, or CENOTE_<FLAG> in "+
			"the environment, or lines in a --config file."),
		kong.Vars(variables()),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(int) { helped = true }),
		kong.PostBuild(hideUnused),
	)
	if err != nil {
		return nil, err
	}
	command, err := parser.Parse(args)
	if helped {
		return nil, errHelped
	}
	return command, err
}

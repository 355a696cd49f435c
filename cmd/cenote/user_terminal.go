package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// terminal is where a user command asks and answers. Prompts and remarks go to standard
// error, results to standard output. Where standard input is no terminal, answers are
// its lines, in the order of the questions.
type terminal struct {
	in          *os.File
	lines       *bufio.Reader
	out, notes  io.Writer
	interactive bool
}

func newTerminal(p *program) *terminal {
	return &terminal{
		in: os.Stdin, lines: bufio.NewReader(os.Stdin), out: p.stdout, notes: p.stderr,
		interactive: term.IsTerminal(int(os.Stdin.Fd())),
	}
}

func (t *terminal) note(format string, args ...any) {
	fmt.Fprintln(t.notes, harmless(fmt.Sprintf(format, args...)))
}

func (t *terminal) print(format string, args ...any) {
	fmt.Fprintln(t.out, harmless(fmt.Sprintf(format, args...)))
}

// harmless drops control characters, by which what others chose, an attribute's value
// say, could command the terminal.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}

func (t *terminal) printJSON(value any) error {
	encoder := json.NewEncoder(t.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// ask returns given, or the answer to a question where nothing is given.
func (t *terminal) ask(ctx context.Context, question, given string) (string, error) {
	if given != "" {
		return given, nil
	}
	answer, err := t.answer(ctx, question, t.readLine)
	answer = strings.TrimSpace(answer)
	if err == nil && answer == "" {
		err = fmt.Errorf("%s: no answer", question)
	}
	return answer, err
}

// confirm asks a question that is answered by yes or no; an empty answer is no.
func (t *terminal) confirm(ctx context.Context, question string) (bool, error) {
	answer, err := t.answer(ctx, question+" [y/N]", t.readLine)
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, err
	default:
		return false, err
	}
}

// password returns what is in file, the next line of standard input where file is -, or
// asks for the password without echo where no file is given.
func (t *terminal) password(ctx context.Context, question, file string) (string, error) {
	switch {
	case file == "-":
		return t.answer(ctx, question, t.readLine)
	case file != "":
		return readSecret(file)
	case t.interactive:
		return t.answer(ctx, question, t.readHidden)
	default:
		return t.answer(ctx, question, t.readLine)
	}
}

// newPassword is password for one that is chosen now: a terminal asks for it twice.
func (t *terminal) newPassword(ctx context.Context, question, file string) (string, error) {
	first, err := t.password(ctx, question, file)
	if err != nil || file != "" || !t.interactive {
		return first, err
	}
	second, err := t.password(ctx, "Repeat it", "")
	if err == nil && first != second {
		err = errors.New("the passwords differ")
	}
	return first, err
}

// answer shows the question, where somebody can see it, and waits for what read brings
// or for ctx to end.
func (t *terminal) answer(ctx context.Context, question string, read func() (string, error)) (string, error) {
	if t.interactive {
		fmt.Fprintf(t.notes, "%s: ", harmless(question))
		if state, err := term.GetState(int(t.in.Fd())); err == nil {
			// An interrupted question must not leave the terminal without echo.
			defer term.Restore(int(t.in.Fd()), state) //nolint:errcheck // nothing is to be done about it
		}
	}
	type result struct {
		text string
		err  error
	}
	answered := make(chan result, 1)
	go func() {
		text, err := read()
		answered <- result{text, err}
	}()
	select {
	case r := <-answered:
		if errors.Is(r.err, io.EOF) {
			return "", fmt.Errorf("%s: standard input has ended", question)
		}
		return r.text, r.err
	case <-ctx.Done():
		t.note("")
		return "", errors.New("interrupted")
	}
}

func (t *terminal) readLine() (string, error) {
	line, err := t.lines.ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (t *terminal) readHidden() (string, error) {
	text, err := term.ReadPassword(int(t.in.Fd()))
	t.note("")
	return string(text), err
}

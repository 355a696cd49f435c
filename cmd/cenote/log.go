package main

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// logger returns the log that the flags ask for.
func (f *programFlags) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	// The levels that the flag accepts are slog's names.
	_ = level.UnmarshalText([]byte(f.LogLevel))
	o := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "text" || f.LogFormat == "auto" && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

//go:build !linux

package main

import (
	"errors"
	"time"
)

var errAccount = errors.New("only Linux's accounting of CPU time is known")

type cpus struct{}

func processTime(int) (time.Duration, error) { return 0, errAccount }

func threadTime() (time.Duration, error) { return 0, errAccount }

func halve() (server, callers cpus, err error) { return cpus{}, cpus{}, errAccount }

func confine(cpus) error { return errAccount }

func startOn(cpus, func() error) error { return errAccount }

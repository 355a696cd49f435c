package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// processTime returns the CPU time, user and system, that all threads of a process have
// used, also those that have ended. It is the scheduler's account in nanoseconds;
// /proc/PID/stat counts in ticks of 10 ms. See clock_getcpuclockid(3) for the clock's id.
func processTime(pid int) (time.Duration, error) {
	const scheduler = 2
	return clockTime(^int32(pid)<<3 | scheduler)
}

// threadTime is processTime of the calling thread alone.
func threadTime() (time.Duration, error) { return clockTime(unix.CLOCK_THREAD_CPUTIME_ID) }

func clockTime(id int32) (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	return time.Duration(t.Nano()), nil
}

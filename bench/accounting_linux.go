package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
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

// cpus are some of the machine's CPUs.
type cpus = unix.CPUSet

// halve shares the CPUs of this process out to a server and its callers.
func halve() (server, callers cpus, err error) {
	var all cpus
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return server, callers, fmt.Errorf("read CPU affinity: %w", err)
	}
	if all.Count() < 2 {
		return server, callers, errors.New("there is one CPU only, it cannot be shared out")
	}
	for cpu := 0; server.Count()+callers.Count() < all.Count(); cpu++ {
		switch {
		case !all.IsSet(cpu):
		case server.Count() < all.Count()/2:
			server.Set(cpu)
		default:
			callers.Set(cpu)
		}
	}
	return server, callers, nil
}

// confine keeps every thread of this process on some CPUs; threads to come inherit it.
func confine(to cpus) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &to); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("confine a thread: %w", err)
		}
	}
	return nil
}

// startOn starts a process on some CPUs, which it inherits from this thread.
func startOn(on cpus, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var mine cpus
	if err := unix.SchedGetaffinity(0, &mine); err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(0, &on); err != nil {
		return err
	}
	err := start()
	if back := unix.SchedSetaffinity(0, &mine); err == nil {
		err = back
	}
	return err
}

// Command gen writes the generated code of the service APIs from api/model:
//
//	go run ./api/gen          write what has changed
//	go run ./api/gen -check   write nothing; fail when a file would change
//
// It runs in the root of the repository.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/cenote-id/cenote/api/gen/generate"
)

func main() {
	root := flag.String("root", ".", "root `directory` of the repository")
	check := flag.Bool("check", false, "write nothing, fail when a file would change")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	files, err := generate.All(os.DirFS(root))
	if err != nil {
		return err
	}
	stale, err := files.Stale(root)
	if err != nil || len(stale) == 0 {
		return err
	}
	if check {
		return fmt.Errorf("run go run ./api/gen: %v would change", stale)
	}
	return files.Write(root, stale)
}

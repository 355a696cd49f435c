//go:build linux && (amd64 || arm64) && !static

package libcrypto

import (
	"fmt"
	"reflect"

	"github.com/ebitengine/purego"
)

// open binds the C functions. The library stays loaded for the life of the process.
func open() (*functions, error) {
	handle, err := purego.Dlopen("libcrypto.so.3", purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("libcrypto: %w", err)
	}
	c := new(functions)
	fields := reflect.ValueOf(c).Elem()
	for field, value := range fields.Fields() {
		symbol, err := purego.Dlsym(handle, field.Tag.Get("c"))
		if err != nil {
			return nil, fmt.Errorf("libcrypto: %w", err)
		}
		purego.RegisterFunc(value.Addr().Interface(), symbol)
	}
	return c, nil
}

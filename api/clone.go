package api

import "slices"

// Clone returns a copy of what p points to, nil when p is nil. T must hold no references.
func Clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// CloneList returns a deep copy of a list of structures, nil when it is nil.
func CloneList[T any, P interface {
	*T
	Clone() P
}](list []T) []T {
	list = slices.Clone(list)
	for i := range list {
		list[i] = *P(&list[i]).Clone()
	}
	return list
}

// CloneMap returns a deep copy of a map of structures, nil when it is nil.
func CloneMap[T any, P interface {
	*T
	Clone() P
}](m map[string]T) map[string]T {
	if m == nil {
		return nil
	}
	c := make(map[string]T, len(m))
	for k, v := range m {
		c[k] = *P(&v).Clone()
	}
	return c
}

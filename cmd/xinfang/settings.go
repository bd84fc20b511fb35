package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// A setting is one key of the configuration.
type setting struct {
	key, env string
	value    reflect.Value
}

// flag returns how the setting is spelt as a flag that has no name of its own, such
// as esdb-user for esdb.user.
func (s setting) flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.key) }

func (s setting) set(v string) error {
	switch s.value.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(v)
		if err != nil {
			return said{fmt.Sprintf("%q 应为 true 或 false", v), fmt.Sprintf("%q is not true or false", v)}
		}
		s.value.SetBool(b)
	default:
		s.value.SetString(v)
	}
	return nil
}

// settings returns every key of c, in the order of the struct.
func (c *config) settings() []setting {
	var list []setting
	var walk func(v reflect.Value, prefix string)
	walk = func(v reflect.Value, prefix string) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			key := prefix + f.Tag.Get("toml")
			if f.Type.Kind() == reflect.Struct {
				walk(v.Field(i), key+".")
				continue
			}
			list = append(list, setting{key, f.Tag.Get("env"), v.Field(i)})
		}
	}
	walk(reflect.ValueOf(c).Elem(), "")
	return list
}

package petition

import (
	"reflect"
	"testing"

	"github.com/google/uuid"
)

// TestBoxes checks that no event has a box that Boxes does not return, nor a
// petitioner that SubjectIn does not know: not now, and not once an event gets a
// field more.
func TestBoxes(t *testing.T) {
	for _, name := range eventTypes(t) {
		e := sample(t, name)
		boxes, people := 0, 0
		var count func(v reflect.Value)
		count = func(v reflect.Value) {
			switch v.Interface().(type) {
			case Sealed:
				boxes++
				return
			case Person:
				people++
			default:
			}
			switch v.Kind() {
			case reflect.Struct:
				for i := range v.NumField() {
					if v.Type().Field(i).IsExported() {
						count(v.Field(i))
					}
				}
			case reflect.Slice:
				for i := range v.Len() {
					count(v.Index(i))
				}
			default:
			}
		}
		count(reflect.ValueOf(e))
		if got := len(Boxes(e)); got != boxes {
			t.Errorf("%s has %d boxes, and Boxes returns %d", name, boxes, got)
		}
		if (SubjectIn(e) != uuid.Nil) != (people > 0) {
			t.Errorf("%s names %d petitioners, and SubjectIn says %v", name, people, SubjectIn(e))
		}
	}
}

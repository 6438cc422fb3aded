package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A block of a Terraform configuration: `kind "label" "label" { … }`.
type block struct {
	kind   string
	labels []string
	// What is right of the equals sign, by name, as it is written.
	values map[string]string
	blocks []*block
}

var (
	header     = regexp.MustCompile(`^([a-z_0-9]+)((?: "[^"]*")*) \{$`)
	assignment = regexp.MustCompile(`^([a-z_0-9]+) *= *(.+)$`)
)

// The blocks of all .tf files of a folder, of which only what the example needs is understood.
func readConfiguration(t *testing.T, folder string) *block {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.tf"))
	must(t, err)
	all := &block{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		open := []*block{all}
		for at, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(line)
			top := open[len(open)-1]
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			} else if parts := header.FindStringSubmatch(line); parts != nil {
				inner := &block{kind: parts[1], values: map[string]string{}}
				for _, label := range strings.Fields(parts[2]) {
					inner.labels = append(inner.labels, strings.Trim(label, `"`))
				}
				top.blocks = append(top.blocks, inner)
				open = append(open, inner)
			} else if line == "}" {
				open = open[:len(open)-1]
			} else if parts := assignment.FindStringSubmatch(line); parts != nil && top.values != nil {
				if parts[2] == "{" {
					parts[2] = ""
					open = append(open, &block{values: map[string]string{}})
				}
				top.values[parts[1]] = parts[2]
			} else {
				t.Fatalf("%s:%d: not understood: %s", file, at+1, line)
			}
		}
	}
	return all
}

func (b *block) all(kind string) []*block {
	var found []*block
	for _, each := range b.blocks {
		if each.kind == kind {
			found = append(found, each)
		}
	}
	return found
}

// A resource's arguments or attributes. Inner blocks are lists of such.
type attributes map[string]any

// The meaning of names: variables, and resources that exist.
type scope struct {
	variables map[string]any
	state     map[string]attributes
}

func (s scope) value(t *testing.T, text string) any {
	t.Helper()
	if strings.HasPrefix(text, `"`) {
		return strings.Trim(text, `"`)
	}
	if whole, err := strconv.Atoi(text); err == nil {
		return whole
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	parts := strings.Split(text, ".")
	if parts[0] == "var" {
		value, ok := s.variables[parts[1]]
		if !ok {
			t.Fatalf("%s has no value", text)
		}
		return value
	}
	value, ok := s.state[parts[0]+"."+parts[1]][parts[2]]
	if !ok {
		t.Fatalf("%s is not known", text)
	}
	return value
}

// The arguments of a resource.
func (s scope) arguments(t *testing.T, b *block) attributes {
	t.Helper()
	found := attributes{}
	for name, text := range b.values {
		// What Terraform itself uses.
		if name != "provider" && name != "depends_on" {
			found[name] = s.value(t, text)
		}
	}
	for _, inner := range b.blocks {
		list, _ := found[inner.kind].([]attributes)
		found[inner.kind] = append(list, s.arguments(t, inner))
	}
	return found
}

package acceptance

import (
	"fmt"
	"os"
	"reflect"
	"testing"
)

// How the OpenStack provider handles one type of resource: the calls that it makes, in its order.
type resource struct {
	create func(t *testing.T, c cloud, arguments attributes) (id string)
	// The attributes that it keeps of what exists.
	read func(t *testing.T, c cloud, id string, arguments attributes) attributes
	// Deletes, and waits until it is gone.
	destroy func(t *testing.T, c cloud, id string)
	// What must be read for an argument that the configuration leaves out. Arguments that the
	// provider takes from the cloud ("computed") are not here.
	defaults attributes
}

var resources = map[string]resource{
	"openstack_networking_network_v2": networkResource,
	"openstack_networking_subnet_v2":  subnetResource,
	"openstack_networking_port_v2":    portResource,
	"openstack_compute_keypair_v2":    keyPairResource,
	"openstack_compute_instance_v2":   instanceResource,
}

// The example of examples/terraform: apply, a second plan without a difference, destroy.
func TestTerraformExample(t *testing.T) {
	configuration := readConfiguration(t, "terraform")
	now := scope{variables: variablesOf(t, configuration), state: map[string]attributes{}}
	clouds := map[bool]cloud{true: connect(t, ""), false: connectAsDemo(t)}
	of := func(b *block) cloud { return clouds[b.values["provider"] == "openstack.admin"] }

	var made []*block
	defer func() {
		for at := len(made) - 1; at >= 0; at-- {
			b := made[at]
			id, _ := now.state[address(b)]["id"].(string)
			resources[b.labels[0]].destroy(t, of(b), id)
		}
	}()
	// The example has them in the order in which they need each other.
	for _, b := range configuration.all("resource") {
		kind, ok := resources[b.labels[0]]
		if !ok {
			t.Fatalf("%s: there are no calls for it", b.labels[0])
		}
		arguments := now.arguments(t, b)
		id := kind.create(t, of(b), arguments)
		now.state[address(b)] = attributes{"id": id}
		made = append(made, b)
		now.state[address(b)] = kind.read(t, of(b), id, arguments)
	}
	refresh := func() {
		for _, b := range made {
			id, _ := now.state[address(b)]["id"].(string)
			now.state[address(b)] = resources[b.labels[0]].read(t, of(b), id, now.arguments(t, b))
		}
	}
	for range 2 {
		refresh()
		for _, b := range made {
			for name, change := range differences(now.arguments(t, b), resources[b.labels[0]].defaults, now.state[address(b)]) {
				t.Errorf("a second plan would change %s.%s: %s", address(b), name, change)
			}
		}
	}
	for _, output := range configuration.all("output") {
		printed, _ := now.value(t, output.values["value"]).(string)
		same(t, "output "+output.labels[0], printed, now.state["openstack_networking_port_v2.direct"]["first_address"].(string))
	}
}

func address(b *block) string { return b.labels[0] + "." + b.labels[1] }

func variablesOf(t *testing.T, configuration *block) map[string]any {
	t.Helper()
	key, err := os.ReadFile("mine.pub")
	must(t, err)
	found := map[string]any{"public_key": string(key)}
	for _, variable := range configuration.all("variable") {
		if text, ok := variable.values["default"]; ok {
			found[variable.labels[0]] = scope{}.value(t, text)
		}
	}
	return found
}

// What a plan would change, by argument.
func differences(arguments, defaults, read attributes) map[string]string {
	changes := map[string]string{}
	for name, expected := range defaults {
		if _, given := arguments[name]; !given && !reflect.DeepEqual(read[name], expected) {
			changes[name] = fmt.Sprintf("%#v → default %#v", read[name], expected)
		}
	}
	for name, expected := range arguments {
		switch inner := expected.(type) {
		case []attributes:
			found, _ := read[name].([]attributes)
			if len(found) != len(inner) {
				changes[name] = fmt.Sprintf("%v → %v", read[name], expected)
				continue
			}
			for at, each := range inner {
				for key, change := range differences(each, nil, found[at]) {
					changes[name+"."+key] = change
				}
			}
		default:
			if !reflect.DeepEqual(read[name], expected) {
				changes[name] = fmt.Sprintf("%#v → %#v", read[name], expected)
			}
		}
	}
	return changes
}

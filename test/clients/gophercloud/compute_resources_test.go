package acceptance

import (
	"os"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/availabilityzones"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/keypairs"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/tags"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/images"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/ports"
)

var keyPairResource = resource{
	create: func(t *testing.T, c cloud, arguments attributes) string {
		t.Helper()
		made, err := keypairs.Create(c.compute, keypairs.CreateOpts{
			Name: text(arguments, "name"), PublicKey: text(arguments, "public_key"),
		}).Extract()
		must(t, err)
		return made.Name
	},
	read: func(t *testing.T, c cloud, id string, _ attributes) attributes {
		t.Helper()
		found, err := keypairs.Get(c.compute, id, keypairs.GetOpts{}).Extract()
		must(t, err)
		return attributes{"id": id, "name": found.Name, "public_key": found.PublicKey}
	},
	destroy: func(t *testing.T, c cloud, id string) {
		t.Helper()
		must(t, keypairs.Delete(c.compute, id, keypairs.DeleteOpts{}).ExtractErr())
	},
}

// The id of the flavor of that name, in the list in detail.
func flavorNamed(t *testing.T, c cloud, name string) string {
	t.Helper()
	pages, err := flavors.ListDetail(c.compute, nil).AllPages()
	must(t, err)
	found, err := flavors.ExtractFlavors(pages)
	must(t, err)
	for _, flavor := range found {
		if flavor.Name == name {
			return flavor.ID
		}
	}
	t.Fatalf("no flavor is named %s", name)
	return ""
}

// The network of a port, as the provider looks it up.
func networkOfPort(t *testing.T, c cloud, id string) networks.Network {
	t.Helper()
	pages, err := ports.List(c.network, ports.ListOpts{ID: id}).AllPages()
	must(t, err)
	found, err := ports.ExtractPorts(pages)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("port %s: found %d", id, len(found))
	}
	options := networks.ListOpts{Status: "ACTIVE", ID: found[0].NetworkID}
	pages, err = networks.List(c.network, options).AllPages()
	must(t, err)
	seen, err := networks.ExtractNetworks(pages)
	must(t, err)
	if len(seen) != 1 {
		t.Fatalf("network %s: found %d", found[0].NetworkID, len(seen))
	}
	return seen[0]
}

var instanceResource = resource{
	create: func(t *testing.T, c cloud, arguments attributes) string {
		t.Helper()
		image := imageNamed(t, c, text(arguments, "image_name"))
		flavor := flavorNamed(t, c, text(arguments, "flavor_name"))
		var nics []servers.Network
		given, _ := arguments["network"].([]attributes)
		for _, each := range given {
			port := text(each, "port")
			nics = append(nics, servers.Network{UUID: networkOfPort(t, c, port).ID, Port: port})
		}
		withDrive := false
		made, err := servers.Create(c.compute, keypairs.CreateOptsExt{
			CreateOptsBuilder: servers.CreateOpts{
				Name:        text(arguments, "name"),
				ImageRef:    image,
				FlavorRef:   flavor,
				Networks:    nics,
				Metadata:    map[string]string{},
				ConfigDrive: &withDrive,
				UserData:    []byte(""),
			},
			KeyName: text(arguments, "key_pair"),
		}).Extract()
		must(t, err)
		reaches(t, c, made.ID, "ACTIVE")
		return made.ID
	},
	read: func(t *testing.T, c cloud, id string, arguments attributes) attributes {
		t.Helper()
		var server struct {
			servers.Server
			availabilityzones.ServerAvailabilityZoneExt
		}
		must(t, servers.Get(c.compute, id).ExtractInto(&server))
		nics, first := nicsOf(t, c, server.Addresses, arguments)
		flavorID, _ := server.Flavor["id"].(string)
		flavor, err := flavors.Get(c.compute, flavorID).Extract()
		must(t, err)
		imageID, _ := server.Image["id"].(string)
		image, err := images.Get(c.image, imageID).Extract()
		must(t, err)
		tagging := *c.compute
		tagging.Microversion = "2.26"
		found, err := tags.List(&tagging, id).Extract()
		must(t, err)
		same(t, "created", server.Created.IsZero() || server.Updated.IsZero(), false)
		for _, group := range server.SecurityGroups {
			if _, ok := group["name"].(string); !ok {
				t.Errorf("a security group has no name: %v", group)
			}
		}
		return attributes{
			"id": id, "name": server.Name, "image_name": image.Name, "flavor_name": flavor.Name,
			"key_pair": server.KeyName, "power_state": strings.ToLower(server.Status),
			"tags": len(found), "availability_zone": server.AvailabilityZone,
			"network": nics, "access_ip_v4": first,
		}
	},
	destroy: func(t *testing.T, c cloud, id string) {
		t.Helper()
		must(t, servers.Delete(c.compute, id).ExtractErr())
		untilGone(t,
			func() error { return nil },
			func() error {
				server, err := servers.Get(c.compute, id).Extract()
				if err == nil && server.Status != "ACTIVE" && server.Status != "SHUTOFF" {
					t.Errorf("a server that is deleted is %s", server.Status)
				}
				return err
			},
		)
	},
	defaults: attributes{"power_state": "active", "tags": 0},
}

// The NICs as the configuration has them, with what the addresses of the server tell of each; and
// the first address.
func nicsOf(t *testing.T, c cloud, addresses map[string]interface{}, arguments attributes) ([]attributes, string) {
	t.Helper()
	var nics []attributes
	first := ""
	given, _ := arguments["network"].([]attributes)
	for _, each := range given {
		network := networkOfPort(t, c, text(each, "port"))
		list, _ := addresses[network.Name].([]interface{})
		for _, entry := range list {
			address, _ := entry.(map[string]interface{})
			mac, isText := address["OS-EXT-IPS-MAC:mac_addr"].(string)
			same(t, "version", address["version"], interface{}(float64(4)))
			same(t, "type", address["OS-EXT-IPS:type"], interface{}("fixed"))
			same(t, "a MAC address", isText && mac != "", true)
			nics = append(nics, attributes{"port": text(each, "port"), "uuid": network.ID, "mac": mac})
			first, _ = address["addr"].(string)
		}
	}
	return nics, first
}

// As the user of the variables DEMO_OS_*.
func connectAsDemo(t *testing.T) cloud {
	t.Helper()
	for _, name := range []string{"OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME"} {
		t.Setenv(name, os.Getenv("DEMO_"+name))
	}
	return connect(t, "")
}

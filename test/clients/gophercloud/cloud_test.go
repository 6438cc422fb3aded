// Package acceptance calls a cloud with gophercloud, as Terraform, Packer and the Kubernetes
// providers do. The cloud is the one of the variables OS_*.
package acceptance

import (
	"os"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/extendedstatus"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/images"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/provider"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/subnets"
)

type cloud struct {
	compute, network, image, identity *gophercloud.ServiceClient
}

// The microversion is the one that clients of this library set for what they need; "" is 2.1.
func connect(t *testing.T, microversion string) cloud {
	t.Helper()
	options, err := openstack.AuthOptionsFromEnv()
	must(t, err)
	signedIn, err := openstack.AuthenticatedClient(options)
	must(t, err)
	region := gophercloud.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")}
	compute, err := openstack.NewComputeV2(signedIn, region)
	must(t, err)
	compute.Microversion = microversion
	network, err := openstack.NewNetworkV2(signedIn, region)
	must(t, err)
	image, err := openstack.NewImageServiceV2(signedIn, region)
	must(t, err)
	identity, err := openstack.NewIdentityV3(signedIn, region)
	must(t, err)
	return cloud{compute, network, image, identity}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same[Value comparable](t *testing.T, what string, found, expected Value) {
	t.Helper()
	if found != expected {
		t.Errorf("%s: found %v, expected %v", what, found, expected)
	}
}

// The id of the image of that name.
func imageNamed(t *testing.T, c cloud, name string) string {
	t.Helper()
	pages, err := images.List(c.image, images.ListOpts{Name: name}).AllPages()
	must(t, err)
	found, err := images.ExtractImages(pages)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d images are named %s", len(found), name)
	}
	return found[0].ID
}

// The id of a flavor that exists until the test ends.
func newFlavor(t *testing.T, c cloud, name string, ram int) string {
	t.Helper()
	disk := 1
	options := flavors.CreateOpts{Name: name, RAM: ram, VCPUs: 1, Disk: &disk}
	flavor, err := flavors.Create(c.compute, options).Extract()
	must(t, err)
	t.Cleanup(func() { must(t, flavors.Delete(c.compute, flavor.ID).ExtractErr()) })
	return flavor.ID
}

// The id of a VLAN network with one subnet, which exists until the test ends.
func newNetwork(t *testing.T, c cloud, name, vlan string) string {
	t.Helper()
	up := true
	options := provider.CreateOptsExt{
		CreateOptsBuilder: networks.CreateOpts{Name: name, AdminStateUp: &up},
		Segments: []provider.Segment{{
			NetworkType: "vlan", PhysicalNetwork: "physnet1", SegmentationID: number(t, vlan),
		}},
	}
	network, err := networks.Create(c.network, options).Extract()
	must(t, err)
	t.Cleanup(func() { must(t, networks.Delete(c.network, network.ID).ExtractErr()) })
	_, err = subnets.Create(c.network, subnets.CreateOpts{
		NetworkID: network.ID, Name: name, CIDR: "10." + vlan + ".0.0/24", IPVersion: gophercloud.IPv4,
	}).Extract()
	must(t, err)
	return network.ID
}

func number(t *testing.T, text string) int {
	t.Helper()
	value := 0
	for _, digit := range text {
		value = value*10 + int(digit-'0')
	}
	return value
}

// The server once it has this status and no task.
func reaches(t *testing.T, c cloud, id, status string) *servers.Server {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var server struct {
			servers.Server
			extendedstatus.ServerExtendedStatusExt
		}
		must(t, servers.Get(c.compute, id).ExtractInto(&server))
		if server.Status == status && server.TaskState == "" {
			return &server.Server
		}
		if server.Status == "ERROR" && status != "ERROR" {
			t.Fatalf("the server is in ERROR: %+v", server.Fault)
		}
	}
	t.Fatalf("the server is not %s after a minute", status)
	return nil
}

// Deletes the server and waits until it is 404.
func remove(t *testing.T, c cloud, id string) {
	t.Helper()
	must(t, servers.Delete(c.compute, id).ExtractErr())
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if _, err := servers.Get(c.compute, id).Extract(); err != nil {
			if _, ok := err.(gophercloud.ErrDefault404); !ok {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("the server still exists after a minute")
}

// The id of a running server, which exists until the test ends.
func boot(t *testing.T, c cloud, options servers.CreateOpts, builders ...func(servers.CreateOptsBuilder) servers.CreateOptsBuilder) string {
	t.Helper()
	var builder servers.CreateOptsBuilder = options
	for _, each := range builders {
		builder = each(builder)
	}
	server, err := servers.Create(c.compute, builder).Extract()
	must(t, err)
	t.Cleanup(func() { remove(t, c, server.ID) })
	reaches(t, c, server.ID, "ACTIVE")
	return server.ID
}

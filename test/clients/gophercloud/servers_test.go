package acceptance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/attachinterfaces"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/extendedserverattributes"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/extendedstatus"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/keypairs"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/lockunlock"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/migrate"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/pauseunpause"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/rescueunrescue"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/schedulerhints"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/servergroups"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/serverusage"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/shelveunshelve"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/startstop"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/suspendresume"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/tags"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/volumeattach"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/portsbinding"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/pagination"
)

func TestServerWithADirectPort(t *testing.T) {
	c := connect(t, "")
	network := newNetwork(t, c, "go-direct", "21")
	port, err := ports.Create(c.network, portsbinding.CreateOptsExt{
		CreateOptsBuilder: ports.CreateOpts{NetworkID: network, Name: "direct"},
		VNICType:          "direct",
	}).Extract()
	must(t, err)
	t.Cleanup(func() { must(t, ports.Delete(c.network, port.ID).ExtractErr()) })
	id := boot(t, c, servers.CreateOpts{
		Name:      "direct",
		FlavorRef: newFlavor(t, c, "go-direct", 64),
		ImageRef:  imageNamed(t, c, "tiny"),
		Networks:  []servers.Network{{Port: port.ID}},
		UserData:  []byte("#cloud-config\n"),
		Metadata:  map[string]string{"role": "web"},
	})

	var server struct {
		servers.Server
		extendedserverattributes.ServerAttributesExt
		extendedstatus.ServerExtendedStatusExt
		serverusage.UsageExt
	}
	must(t, servers.Get(c.compute, id).ExtractInto(&server))
	same(t, "power state", server.PowerState, extendedstatus.RUNNING)
	same(t, "vm state", server.VmState, "active")
	same(t, "metadata", server.Metadata["role"], "web")
	same(t, "flavor has an id", server.Flavor["id"] != nil, true)
	same(t, "launched", server.LaunchedAt.IsZero(), false)
	same(t, "created", server.Created.IsZero(), false)

	var bound struct {
		ports.Port
		portsbinding.PortsBindingExt
	}
	must(t, ports.Get(c.network, port.ID).ExtractInto(&bound))
	same(t, "host", bound.HostID, server.Host)
	same(t, "vif type", bound.VIFType, "hw_veb")
	same(t, "vlan", bound.VIFDetails["vlan"], any("21"))
	same(t, "owner", bound.DeviceID, id)
	if _, ok := bound.Profile["pci_slot"].(string); !ok {
		t.Errorf("the binding profile has no pci_slot: %v", bound.Profile)
	}

	pages, err := servers.ListAddresses(c.compute, id).AllPages()
	must(t, err)
	addresses, err := servers.ExtractAddresses(pages)
	must(t, err)
	same(t, "address", addresses["go-direct"][0].Address, port.FixedIPs[0].IPAddress)
}

func TestInterfacesAreAttachedAndDetached(t *testing.T) {
	c := connect(t, "")
	network := newNetwork(t, c, "go-nics", "22")
	id := boot(t, c, servers.CreateOpts{
		Name:      "nics",
		FlavorRef: newFlavor(t, c, "go-nics", 64),
		ImageRef:  imageNamed(t, c, "tiny"),
		Networks:  []servers.Network{{UUID: network}},
	})
	attached, err := attachinterfaces.Create(c.compute, id, attachinterfaces.CreateOpts{
		NetworkID: network, FixedIPs: []attachinterfaces.FixedIP{{IPAddress: "10.22.0.77"}},
	}).Extract()
	must(t, err)
	same(t, "address", attached.FixedIPs[0].IPAddress, "10.22.0.77")
	shown, err := attachinterfaces.Get(c.compute, id, attached.PortID).Extract()
	must(t, err)
	same(t, "MAC address", shown.MACAddr, attached.MACAddr)
	same(t, "NICs", countOfNics(t, c, id), 2)
	must(t, attachinterfaces.Delete(c.compute, id, attached.PortID).ExtractErr())
	must(t, gophercloud.WaitFor(60, func() (bool, error) { return countOfNics(t, c, id) == 1, nil }))
}

func countOfNics(t *testing.T, c cloud, id string) int {
	t.Helper()
	pages, err := attachinterfaces.List(c.compute, id).AllPages()
	must(t, err)
	found, err := attachinterfaces.ExtractInterfaces(pages)
	must(t, err)
	return len(found)
}

func TestActionsOfAServer(t *testing.T) {
	c := connect(t, "")
	small, large := newFlavor(t, c, "go-small", 64), newFlavor(t, c, "go-large", 128)
	id := boot(t, c, servers.CreateOpts{
		Name:      "acting",
		FlavorRef: small,
		ImageRef:  imageNamed(t, c, "tiny"),
		Networks:  []servers.Network{{UUID: newNetwork(t, c, "go-acting", "23")}},
	})
	for _, each := range []struct {
		status string
		act    func() error
	}{
		{"SHUTOFF", func() error { return startstop.Stop(c.compute, id).ExtractErr() }},
		{"ACTIVE", func() error { return startstop.Start(c.compute, id).ExtractErr() }},
		{"ACTIVE", func() error {
			return servers.Reboot(c.compute, id, servers.RebootOpts{Type: servers.HardReboot}).ExtractErr()
		}},
		{"PAUSED", func() error { return pauseunpause.Pause(c.compute, id).ExtractErr() }},
		{"ACTIVE", func() error { return pauseunpause.Unpause(c.compute, id).ExtractErr() }},
		{"SUSPENDED", func() error { return suspendresume.Suspend(c.compute, id).ExtractErr() }},
		{"ACTIVE", func() error { return suspendresume.Resume(c.compute, id).ExtractErr() }},
		{"ACTIVE", func() error { return lockunlock.Lock(c.compute, id).ExtractErr() }},
		{"ACTIVE", func() error { return lockunlock.Unlock(c.compute, id).ExtractErr() }},
		{"RESCUE", func() error {
			_, err := rescueunrescue.Rescue(c.compute, id, rescueunrescue.RescueOpts{}).Extract()
			return err
		}},
		{"ACTIVE", func() error { return rescueunrescue.Unrescue(c.compute, id).ExtractErr() }},
		{"VERIFY_RESIZE", func() error {
			return servers.Resize(c.compute, id, servers.ResizeOpts{FlavorRef: large}).ExtractErr()
		}},
		{"ACTIVE", func() error { return servers.ConfirmResize(c.compute, id).ExtractErr() }},
		{"VERIFY_RESIZE", func() error { return migrate.Migrate(c.compute, id).ExtractErr() }},
		{"ACTIVE", func() error { return servers.RevertResize(c.compute, id).ExtractErr() }},
		{"SHELVED_OFFLOADED", func() error { return shelveunshelve.Shelve(c.compute, id).ExtractErr() }},
		{"ACTIVE", func() error {
			return shelveunshelve.Unshelve(c.compute, id, shelveunshelve.UnshelveOpts{}).ExtractErr()
		}},
		{"ACTIVE", func() error {
			options := servers.RebuildOpts{ImageRef: imageNamed(t, c, "tiny"), Name: "rebuilt"}
			_, err := servers.Rebuild(c.compute, id, options).Extract()
			return err
		}},
	} {
		must(t, each.act())
		reaches(t, c, id, each.status)
	}
	server := reaches(t, c, id, "ACTIVE")
	same(t, "name", server.Name, "rebuilt")
	same(t, "flavor", server.Flavor["id"], any(large))
	output, err := servers.ShowConsoleOutput(c.compute, id, servers.ShowConsoleOutputOpts{Length: 5}).Extract()
	must(t, err)
	same(t, "console output", strings.Contains(output, "login:"), true)

	// The library has no package for the actions of a server in this version.
	var reply struct {
		Actions []struct {
			Action string `json:"action"`
		} `json:"instanceActions"`
	}
	_, err = c.compute.Get(c.compute.ServiceURL("servers", id, "os-instance-actions"), &reply, nil)
	must(t, err)
	same(t, "first action", reply.Actions[len(reply.Actions)-1].Action, "create")
}

func TestMetadataTagsAndName(t *testing.T) {
	c := connect(t, "2.52")
	id := boot(t, c, servers.CreateOpts{
		Name:      "labelled",
		FlavorRef: newFlavor(t, c, "go-labelled", 64),
		ImageRef:  imageNamed(t, c, "tiny"),
		Networks:  "none",
		Tags:      []string{"blue"},
	})
	must(t, tags.Add(c.compute, id, "red").ExtractErr())
	found, err := tags.List(c.compute, id).Extract()
	must(t, err)
	same(t, "tags", fmt.Sprint(found), "[blue red]")
	must(t, tags.Delete(c.compute, id, "blue").ExtractErr())
	isThere, err := tags.Check(c.compute, id, "blue").Extract()
	must(t, err)
	same(t, "tag", isThere, false)
	_, err = servers.UpdateMetadata(c.compute, id, servers.MetadataOpts{"a": "b"}).Extract()
	must(t, err)
	_, err = servers.ResetMetadata(c.compute, id, servers.MetadataOpts{"c": "d"}).Extract()
	must(t, err)
	metadata, err := servers.Metadata(c.compute, id).Extract()
	must(t, err)
	same(t, "metadata", fmt.Sprint(metadata), "map[c:d]")
	must(t, servers.DeleteMetadatum(c.compute, id, "c").ExtractErr())
	renamed, err := servers.Update(c.compute, id, servers.UpdateOpts{Name: "renamed"}).Extract()
	must(t, err)
	same(t, "name", renamed.Name, "renamed")
}

func TestKeyPairAndServerGroup(t *testing.T) {
	c := connect(t, "2.64")
	pair, err := keypairs.Create(connect(t, "").compute, keypairs.CreateOpts{Name: "go"}).Extract()
	must(t, err)
	same(t, "a private key", strings.Contains(pair.PrivateKey, "PRIVATE KEY"), true)
	t.Cleanup(func() { must(t, keypairs.Delete(c.compute, "go", nil).ExtractErr()) })
	group, err := servergroups.Create(c.compute, servergroups.CreateOpts{
		Name: "go", Policy: "anti-affinity", Rules: &servergroups.Rules{MaxServerPerHost: 1},
	}).Extract()
	must(t, err)
	t.Cleanup(func() { must(t, servergroups.Delete(c.compute, group.ID).ExtractErr()) })
	withKey := func(inner servers.CreateOptsBuilder) servers.CreateOptsBuilder {
		return keypairs.CreateOptsExt{CreateOptsBuilder: inner, KeyName: "go"}
	}
	inGroup := func(inner servers.CreateOptsBuilder) servers.CreateOptsBuilder {
		hints := schedulerhints.SchedulerHints{Group: group.ID}
		return schedulerhints.CreateOptsExt{CreateOptsBuilder: inner, SchedulerHints: hints}
	}
	id := boot(t, c, servers.CreateOpts{
		Name:      "keyed",
		FlavorRef: newFlavor(t, c, "go-keyed", 64),
		ImageRef:  imageNamed(t, c, "tiny"),
		Networks:  "none",
	}, withKey, inGroup)
	server := reaches(t, c, id, "ACTIVE")
	same(t, "key", server.KeyName, "go")
	shown, err := servergroups.Get(c.compute, group.ID).Extract()
	must(t, err)
	same(t, "members", fmt.Sprint(shown.Members), "["+id+"]")
	same(t, "rule", shown.Rules.MaxServerPerHost, 1)
}

func TestServersAreListedInPages(t *testing.T) {
	c := connect(t, "2.37")
	flavor, image := newFlavor(t, c, "go-pages", 64), imageNamed(t, c, "tiny")
	for _, name := range []string{"page-a", "page-b", "page-c"} {
		boot(t, c, servers.CreateOpts{Name: name, FlavorRef: flavor, ImageRef: image, Networks: "none"})
	}
	pages, count := 0, 0
	options := servers.ListOpts{Name: "^page-", Limit: 2}
	must(t, servers.List(c.compute, options).EachPage(func(page pagination.Page) (bool, error) {
		found, err := servers.ExtractServers(page)
		pages, count = pages+1, count+len(found)
		return true, err
	}))
	same(t, "pages", pages, 2)
	same(t, "servers", count, 3)
	all, err := servers.List(c.compute, servers.ListOpts{AllTenants: true, Status: "ACTIVE"}).AllPages()
	must(t, err)
	found, err := servers.ExtractServers(all)
	must(t, err)
	same(t, "at least three", len(found) >= 3, true)
}

func TestAServerHasNoVolumes(t *testing.T) {
	c := connect(t, "2.37")
	id := boot(t, c, servers.CreateOpts{
		Name:      "diskless",
		FlavorRef: newFlavor(t, c, "go-volumes", 64),
		ImageRef:  imageNamed(t, c, "tiny"),
		Networks:  "none",
	})
	pages, err := volumeattach.List(c.compute, id).AllPages()
	must(t, err)
	found, err := volumeattach.ExtractVolumeAttachments(pages)
	must(t, err)
	same(t, "volumes", len(found), 0)
	unknown := volumeattach.CreateOpts{VolumeID: "11111111-2222-4333-8444-555555555555"}
	_, err = volumeattach.Create(c.compute, id, unknown).Extract()
	if _, ok := err.(gophercloud.ErrDefault404); !ok {
		t.Errorf("an unknown volume: expected 404, found %v", err)
	}
}

package acceptance

import (
	"strconv"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/external"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/extradhcpopts"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/mtu"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/portsbinding"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/portsecurity"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/provider"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/subnets"
)

func text(given attributes, name string) string { value, _ := given[name].(string); return value }

// Repeats until the thing is 404; a 409 means that something still needs it.
func untilGone(t *testing.T, remove func() error, get func() error) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		err := remove()
		if err == nil {
			err = get()
		}
		switch err.(type) {
		case nil, gophercloud.ErrDefault409:
			continue
		case gophercloud.ErrDefault404:
			return
		default:
			t.Fatal(err)
		}
	}
	t.Fatal("it still exists after a minute")
}

var networkResource = resource{
	create: func(t *testing.T, c cloud, arguments attributes) string {
		t.Helper()
		shared, _ := arguments["shared"].(bool)
		var segments []provider.Segment
		given, _ := arguments["segments"].([]attributes)
		for _, each := range given {
			id, _ := each["segmentation_id"].(int)
			segments = append(segments, provider.Segment{
				PhysicalNetwork: text(each, "physical_network"),
				NetworkType:     text(each, "network_type"),
				SegmentationID:  id,
			})
		}
		made, err := networks.Create(c.network, provider.CreateOptsExt{
			CreateOptsBuilder: networks.CreateOpts{Name: text(arguments, "name"), Shared: &shared},
			Segments:          segments,
		}).Extract()
		must(t, err)
		found, err := networks.Get(c.network, made.ID).Extract()
		must(t, err)
		same(t, "status", found.Status, "ACTIVE")
		return made.ID
	},
	read: func(t *testing.T, c cloud, id string, _ attributes) attributes {
		t.Helper()
		var found struct {
			networks.Network
			external.NetworkExternalExt
			portsecurity.PortSecurityExt
			mtu.NetworkMTUExt
			provider.NetworkProviderExt
		}
		must(t, networks.Get(c.network, id).ExtractInto(&found))
		segmentation, err := strconv.Atoi(found.SegmentationID)
		must(t, err)
		segments := []attributes{{
			"physical_network": found.PhysicalNetwork,
			"network_type":     found.NetworkType,
			"segmentation_id":  segmentation,
		}}
		for range found.Segments {
			segments = append(segments, attributes{})
		}
		return attributes{
			"id": id, "name": found.Name, "description": found.Description, "shared": found.Shared,
			"segments": segments, "tags": len(found.Tags), "external": found.External, "mtu": found.MTU,
		}
	},
	destroy: func(t *testing.T, c cloud, id string) {
		t.Helper()
		untilGone(t,
			func() error { return networks.Delete(c.network, id).ExtractErr() },
			func() error { _, err := networks.Get(c.network, id).Extract(); return err },
		)
	},
	defaults: attributes{"description": "", "tags": 0},
}

var subnetResource = resource{
	create: func(t *testing.T, c cloud, arguments attributes) string {
		t.Helper()
		isEnabled := true
		made, err := subnets.Create(c.network, subnets.CreateOpts{
			NetworkID:      text(arguments, "network_id"),
			Name:           text(arguments, "name"),
			CIDR:           text(arguments, "cidr"),
			IPVersion:      gophercloud.IPv4,
			EnableDHCP:     &isEnabled,
			DNSNameservers: []string{},
		}).Extract()
		must(t, err)
		_, err = subnets.Get(c.network, made.ID).Extract()
		must(t, err)
		return made.ID
	},
	read: func(t *testing.T, c cloud, id string, _ attributes) attributes {
		t.Helper()
		found, err := subnets.Get(c.network, id).Extract()
		must(t, err)
		return attributes{
			"id": id, "name": found.Name, "network_id": found.NetworkID, "cidr": found.CIDR,
			"description": found.Description, "ip_version": found.IPVersion,
			"enable_dhcp": found.EnableDHCP, "dns_nameservers": len(found.DNSNameservers),
			"no_gateway": found.GatewayIP == "", "tags": len(found.Tags),
		}
	},
	destroy: func(t *testing.T, c cloud, id string) {
		t.Helper()
		untilGone(t,
			func() error { return subnets.Delete(c.network, id).ExtractErr() },
			func() error { _, err := subnets.Get(c.network, id).Extract(); return err },
		)
	},
	defaults: attributes{
		"description": "", "ip_version": 4, "enable_dhcp": true, "dns_nameservers": 0,
		"no_gateway": false, "tags": 0,
	},
}

var portResource = resource{
	create: func(t *testing.T, c cloud, arguments attributes) string {
		t.Helper()
		var options ports.CreateOptsBuilder = ports.CreateOpts{
			Name: text(arguments, "name"), NetworkID: text(arguments, "network_id"),
		}
		given, _ := arguments["binding"].([]attributes)
		for _, each := range given {
			options = portsbinding.CreateOptsExt{
				CreateOptsBuilder: options, VNICType: text(each, "vnic_type"),
			}
		}
		made, err := ports.Create(c.network, options).Extract()
		must(t, err)
		found, err := ports.Get(c.network, made.ID).Extract()
		must(t, err)
		same(t, "status", found.Status, "DOWN")
		return made.ID
	},
	read: func(t *testing.T, c cloud, id string, _ attributes) attributes {
		t.Helper()
		var found struct {
			ports.Port
			extradhcpopts.ExtraDHCPOptsExt
			portsecurity.PortSecurityExt
			portsbinding.PortsBindingExt
		}
		must(t, ports.Get(c.network, id).ExtractInto(&found))
		return attributes{
			"id": id, "name": found.Name, "network_id": found.NetworkID,
			"description": found.Description, "admin_state_up": found.AdminStateUp,
			"allowed_address_pairs": len(found.AllowedAddressPairs),
			"extra_dhcp_option":     len(found.ExtraDHCPOpts), "tags": len(found.Tags),
			"binding": []attributes{{
				"vnic_type": found.VNICType, "host_id": found.HostID, "profile": len(found.Profile),
			}},
			"profile":       len(found.Profile),
			"first_address": found.FixedIPs[0].IPAddress,
		}
	},
	destroy: func(t *testing.T, c cloud, id string) {
		t.Helper()
		must(t, ports.Delete(c.network, id).ExtractErr())
		untilGone(t,
			func() error { return nil },
			func() error { _, err := ports.Get(c.network, id).Extract(); return err },
		)
	},
	defaults: attributes{
		"description": "", "allowed_address_pairs": 0, "extra_dhcp_option": 0, "tags": 0, "profile": 0,
	},
}

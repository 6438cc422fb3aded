package acceptance

import (
	"testing"

	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/aggregates"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/availabilityzones"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/hypervisors"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/limits"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/quotasets"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/services"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/projects"
)

func TestFlavorsWithExtraSpecsAndAccess(t *testing.T) {
	c := connect(t, "")
	id := newFlavor(t, c, "go-specs", 64)
	specs := flavors.ExtraSpecsOpts{"hw:cpu_policy": "shared", "a": "b"}
	_, err := flavors.CreateExtraSpecs(c.compute, id, specs).Extract()
	must(t, err)
	_, err = flavors.UpdateExtraSpec(c.compute, id, flavors.ExtraSpecsOpts{"a": "c"}).Extract()
	must(t, err)
	found, err := flavors.ListExtraSpecs(c.compute, id).Extract()
	must(t, err)
	same(t, "spec", found["a"], "c")
	must(t, flavors.DeleteExtraSpec(c.compute, id, "a").ExtractErr())

	disk, private := 0, false
	own, err := flavors.Create(c.compute, flavors.CreateOpts{
		Name: "go-private", RAM: 64, VCPUs: 1, Disk: &disk, IsPublic: &private,
	}).Extract()
	must(t, err)
	t.Cleanup(func() { must(t, flavors.Delete(c.compute, own.ID).ExtractErr()) })
	project := projectNamed(t, c, "demo")
	_, err = flavors.AddAccess(c.compute, own.ID, flavors.AddAccessOpts{Tenant: project}).Extract()
	must(t, err)
	_, err = flavors.RemoveAccess(c.compute, own.ID, flavors.RemoveAccessOpts{Tenant: project}).Extract()
	must(t, err)
	pages, err := flavors.ListDetail(c.compute, flavors.ListOpts{AccessType: flavors.AllAccess, Limit: 2}).AllPages()
	must(t, err)
	all, err := flavors.ExtractFlavors(pages)
	must(t, err)
	names := map[string]bool{}
	for _, flavor := range all {
		names[flavor.Name] = true
	}
	same(t, "flavors of all pages", names["m1.small"] && names["go-private"], true)
}

func projectNamed(t *testing.T, c cloud, name string) string {
	t.Helper()
	pages, err := projects.List(c.identity, projects.ListOpts{Name: name}).AllPages()
	must(t, err)
	found, err := projects.ExtractProjects(pages)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d projects are named %s", len(found), name)
	}
	return found[0].ID
}

func TestQuotasAndLimits(t *testing.T) {
	c := connect(t, "")
	project := projectNamed(t, c, "demo")
	three := 3
	_, err := quotasets.Update(c.compute, project, quotasets.UpdateOpts{Instances: &three}).Extract()
	must(t, err)
	detail, err := quotasets.GetDetail(c.compute, project).Extract()
	must(t, err)
	same(t, "limit", detail.Instances.Limit, 3)
	same(t, "in use", detail.Instances.InUse, 0)
	must(t, quotasets.Delete(c.compute, project).Err)
	quotas, err := quotasets.Get(c.compute, project).Extract()
	must(t, err)
	same(t, "limit afterwards", quotas.Instances, 10)
	own, err := limits.Get(c.compute, limits.GetOpts{TenantID: project}).Extract()
	must(t, err)
	same(t, "limit of instances", own.Absolute.MaxTotalInstances, 10)
}

func TestHypervisorsAndServices(t *testing.T) {
	for _, microversion := range []string{"", "2.53", "2.87"} {
		c := connect(t, microversion)
		pages, err := hypervisors.List(c.compute, nil).AllPages()
		must(t, err)
		found, err := hypervisors.ExtractHypervisors(pages)
		must(t, err)
		same(t, "hypervisors", len(found), 2)
		same(t, "name", found[0].HypervisorHostname, "host-1")
		same(t, "memory", found[0].MemoryMB > 0, true)
		one, err := hypervisors.Get(c.compute, found[0].ID).Extract()
		must(t, err)
		same(t, "one by its id", one.HypervisorHostname, "host-1")
		same(t, "architecture", one.CPUInfo.Arch, found[0].CPUInfo.Arch)
		statistics, err := hypervisors.GetStatistics(c.compute).Extract()
		must(t, err)
		same(t, "count", statistics.Count, 2)
	}
	c := connect(t, "2.53")
	pages, err := services.List(c.compute, services.ListOpts{Host: "host-2"}).AllPages()
	must(t, err)
	found, err := services.ExtractServices(pages)
	must(t, err)
	options := services.UpdateOpts{Status: services.ServiceDisabled, DisabledReason: "work"}
	disabled, err := services.Update(c.compute, found[0].ID, options).Extract()
	must(t, err)
	same(t, "reason", disabled.DisabledReason, "work")
	enable := services.UpdateOpts{Status: services.ServiceEnabled}
	_, err = services.Update(c.compute, found[0].ID, enable).Extract()
	must(t, err)
}

func TestAggregatesAndZones(t *testing.T) {
	c := connect(t, "")
	aggregate, err := aggregates.Create(c.compute, aggregates.CreateOpts{Name: "go", AvailabilityZone: "go-zone"}).Extract()
	must(t, err)
	_, err = aggregates.AddHost(c.compute, aggregate.ID, aggregates.AddHostOpts{Host: "host-2"}).Extract()
	must(t, err)
	metadata := aggregates.SetMetadataOpts{Metadata: map[string]interface{}{"rack": "1"}}
	changed, err := aggregates.SetMetadata(c.compute, aggregate.ID, metadata).Extract()
	must(t, err)
	same(t, "metadata", changed.Metadata["rack"], "1")
	pages, err := availabilityzones.ListDetail(c.compute).AllPages()
	must(t, err)
	zones, err := availabilityzones.ExtractAvailabilityZones(pages)
	must(t, err)
	available := map[string]bool{}
	for _, zone := range zones {
		available[zone.ZoneName] = zone.ZoneState.Available
	}
	same(t, "zone", available["go-zone"], true)
	_, err = aggregates.RemoveHost(c.compute, aggregate.ID, aggregates.RemoveHostOpts{Host: "host-2"}).Extract()
	must(t, err)
	must(t, aggregates.Delete(c.compute, aggregate.ID).ExtractErr())
}

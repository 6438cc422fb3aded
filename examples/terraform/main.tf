# A server with a VF: its port is of type "direct" on a VLAN of a physical network.

terraform {
  required_providers {
    openstack = {
      source = "terraform-provider-openstack/openstack"
    }
  }
}

# Only an administrator may choose the physical network and the VLAN.
provider "openstack" {
  alias = "admin"
  cloud = var.admin_cloud
}

provider "openstack" {
  cloud = var.cloud
}

resource "openstack_networking_network_v2" "red" {
  provider = openstack.admin
  name     = "red"
  shared   = true

  segments {
    network_type     = "vlan"
    physical_network = var.physical_network
    segmentation_id  = var.vlan
  }
}

resource "openstack_networking_subnet_v2" "red" {
  provider   = openstack.admin
  name       = "red"
  network_id = openstack_networking_network_v2.red.id
  cidr       = var.cidr
}

resource "openstack_compute_keypair_v2" "mine" {
  name       = "terraform"
  public_key = var.public_key
}

resource "openstack_networking_port_v2" "direct" {
  name       = "direct"
  network_id = openstack_networking_network_v2.red.id

  binding {
    vnic_type = "direct"
  }

  depends_on = [openstack_networking_subnet_v2.red]
}

resource "openstack_compute_instance_v2" "web" {
  name        = "web"
  image_name  = var.image
  flavor_name = var.flavor
  key_pair    = openstack_compute_keypair_v2.mine.name

  network {
    port = openstack_networking_port_v2.direct.id
  }
}

output "address" {
  value = openstack_compute_instance_v2.web.access_ip_v4
}

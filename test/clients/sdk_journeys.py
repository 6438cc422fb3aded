"""Journeys of openstacksdk, as its users write them, in the cloud that clouds.yaml names."""
import time
import unittest

import openstack
from openstack import exceptions

# The library polls every few seconds; hosts that are simulated are done in milliseconds.
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.1))


def connect(cloud="novella", version="2.96"):
    return openstack.connect(cloud=cloud, compute_default_microversion=version)


class Journeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = connect()
        cls.compute = cls.cloud.compute
        cls.network = cls.cloud.create_network(
            "sdk",
            provider={"network_type": "vlan", "physical_network": "physnet1", "segmentation_id": 7},
        )
        cls.cloud.create_subnet("sdk", cidr="10.7.0.0/24", subnet_name="sdk")
        cls.flavor = cls.cloud.create_flavor("sdk", ram=64, vcpus=1, disk=1)

    def boot(self, name, **more):
        arguments = {"network": "sdk", "flavor": "sdk", "image": "tiny", "auto_ip": False} | more
        server = self.cloud.create_server(name, wait=True, **arguments)
        self.addCleanup(self.cloud.delete_server, server.id, wait=True)
        self.assertEqual(server.status, "ACTIVE")
        return server

    def reaches(self, server, status):
        return self.compute.wait_for_server(server, status=status, interval=0.1, wait=60)

    def test_the_versions_of_the_service_are_discovered(self):
        found = self.compute.get_endpoint_data()
        self.assertEqual((found.min_microversion, found.max_microversion), ((2, 1), (2, 96)))
        newest = openstack.connect(cloud="novella").compute
        self.assertTrue(openstack.utils.supports_microversion(newest, "2.96"))
        self.assertFalse(openstack.utils.supports_microversion(newest, "2.97"))
        reply = newest.get("/servers", microversion="2.999")
        self.assertEqual(reply.status_code, 406)
        reply = newest.get("/servers", microversion="2.53")
        self.assertEqual(reply.headers["OpenStack-API-Version"], "compute 2.53")

    def test_a_server_has_the_shape_of_the_version(self):
        server = self.boot("shape", tags=["web"], description="text")
        self.assertEqual((server.description, server.tags), ("text", ["web"]))
        self.assertEqual(server.flavor.original_name, "sdk")
        old = connect(version="2.1").compute.get_server(server.id)
        self.assertEqual((old.description, old.flavor.id), (None, self.flavor.id))
        self.assertEqual(old.addresses, server.addresses)

    def test_a_server_with_a_direct_port_keeps_its_mac_address(self):
        port = self.cloud.network.create_port(
            network_id=self.network.id, name="direct", binding_vnic_type="direct"
        )
        server = self.boot("direct", network=None, nics=[{"port-id": port.id}])
        self.assertEqual(server.addresses["sdk"][0]["addr"], port.fixed_ips[0]["ip_address"])
        bound = self.cloud.get_port(port.id)
        self.assertEqual(bound["mac_address"], port.mac_address)
        self.assertEqual(bound["binding_vif_type"], "hw_veb")
        self.assertEqual(bound["binding_host_id"], server.compute_host)
        self.assertIn("pci_slot", bound["binding_profile"])

    def test_interfaces_are_attached_and_detached(self):
        server = self.boot("interfaces")
        attached = self.compute.create_server_interface(server, net_id=self.network.id, tag="second")
        listed = {each.port_id: each for each in self.compute.server_interfaces(server)}
        self.assertEqual(len(listed), 2)
        self.assertEqual(listed[attached.port_id].tag, "second")
        shown = self.compute.get_server_interface(attached.port_id, server)
        self.assertEqual(shown.mac_addr, attached.mac_addr)
        self.compute.delete_server_interface(attached.port_id, server)
        for _ in range(100):
            if len(list(self.compute.server_interfaces(server))) == 1:
                break
            sleep(0.1)
        self.assertEqual(len(list(self.compute.server_interfaces(server))), 1)

    def test_a_server_is_resized(self):
        larger = self.cloud.create_flavor("larger", ram=128, vcpus=2, disk=1)
        server = self.boot("resized")
        self.compute.resize_server(server, larger)
        self.reaches(server, "VERIFY_RESIZE")
        self.compute.confirm_server_resize(server)
        self.assertEqual(self.reaches(server, "ACTIVE").flavor.vcpus, 2)
        self.compute.resize_server(server, self.flavor)
        self.reaches(server, "VERIFY_RESIZE")
        self.compute.revert_server_resize(server)
        self.assertEqual(self.reaches(server, "ACTIVE").flavor.vcpus, 2)
        migrations = [each for each in self.compute.migrations(instance_uuid=server.id)]
        self.assertEqual([each.status for each in migrations], ["reverted", "confirmed"])

    def test_a_server_is_migrated_live(self):
        server = self.boot("live")
        self.compute.live_migrate_server(server, host=None, block_migration="auto")
        moved = self.reaches(server, "ACTIVE")
        for _ in range(100):
            moved = self.compute.get_server(server.id)
            if moved.task_state is None:
                break
            sleep(0.1)
        self.assertNotEqual(moved.compute_host, server.compute_host)
        [migration] = self.compute.migrations(instance_uuid=server.id)
        self.assertEqual((migration.migration_type, migration.status), ("live-migration", "completed"))
        self.assertEqual(migration.dest_compute, moved.compute_host)
        self.assertEqual(list(self.compute.server_migrations(server)), [])

    def test_the_actions_of_a_server(self):
        server = self.boot("acting")
        for act, status in [
            (self.compute.stop_server, "SHUTOFF"),
            (self.compute.start_server, "ACTIVE"),
            (self.compute.pause_server, "PAUSED"),
            (self.compute.unpause_server, "ACTIVE"),
            (self.compute.suspend_server, "SUSPENDED"),
            (self.compute.resume_server, "ACTIVE"),
            (self.compute.shelve_server, "SHELVED_OFFLOADED"),
            (self.compute.unshelve_server, "ACTIVE"),
            (self.compute.rescue_server, "RESCUE"),
            (self.compute.unrescue_server, "ACTIVE"),
        ]:
            act(server)
            self.reaches(server, status)
        self.compute.reboot_server(server, "HARD")
        self.reaches(server, "ACTIVE")
        self.compute.lock_server(server, locked_reason="why")
        locked = self.compute.get_server(server.id)
        self.assertTrue(locked.is_locked)
        self.compute.unlock_server(server)
        self.assertIn("login:", self.compute.get_server_console_output(server)["output"])
        actions = [each.action for each in self.compute.server_actions(server)]
        self.assertEqual(actions[-1], "create")
        self.assertEqual({"stop", "shelve", "rescue", "reboot", "lock"} - set(actions), set())
        created = list(self.compute.server_actions(server))[-1]
        events = self.compute.get_server_action(created.request_id, server).events
        self.assertIn("spawn", [event.event for event in events])

    def test_metadata_and_tags(self):
        server = self.boot("labelled")
        self.compute.set_server_metadata(server, role="web", stage="test")
        self.assertEqual(
            self.compute.get_server_metadata(server).metadata, {"role": "web", "stage": "test"}
        )
        self.compute.delete_server_metadata(server, ["stage"])
        self.assertEqual(self.compute.get_server(server.id).metadata, {"role": "web"})
        self.compute.add_tag_to_server(server, "blue")
        self.assertEqual(
            [each.id for each in self.compute.servers(tags="blue")], [server.id]
        )
        self.compute.remove_tag_from_server(server, "blue")
        self.assertEqual(list(self.compute.servers(tags="blue")), [])

    def test_a_snapshot_becomes_an_image(self):
        server = self.boot("source")
        image = self.cloud.create_image_snapshot("snapshot", server, wait=True)
        self.addCleanup(self.cloud.delete_image, image.id)
        self.assertEqual((image.status, image.disk_format), ("active", "qcow2"))
        copy = self.boot("copy", image=image.id)
        self.assertEqual(copy.image.id, image.id)

    def test_a_key_pair_is_imported(self):
        with open("/mnt/mine.pub") as file:
            key = file.read()
        made = self.compute.create_keypair(name="sdk", public_key=key)
        self.assertRegex(made.fingerprint, "^([0-9a-f]{2}:){15}")
        self.assertEqual(self.compute.find_keypair("sdk").public_key, key)
        self.assertIn("sdk", [each.name for each in self.compute.keypairs()])
        server = self.boot("keyed", key_name="sdk")
        self.assertEqual(server.key_name, "sdk")
        self.compute.delete_keypair("sdk")
        self.assertIsNone(self.compute.find_keypair("sdk"))

    def test_a_server_group_keeps_servers_apart(self):
        group = self.compute.create_server_group(
            name="apart", policy="anti-affinity", rules={"max_server_per_host": 1}
        )
        self.addCleanup(self.compute.delete_server_group, group)
        servers = [self.boot(name, group=group.id) for name in ("apart-1", "apart-2")]
        self.assertEqual(len({each.compute_host for each in servers}), 2)
        with self.assertRaises(exceptions.SDKException):
            self.cloud.create_server(
                "apart-3", "tiny", "sdk", network="sdk", group=group.id, wait=True, auto_ip=False
            )
        self.cloud.delete_server("apart-3", wait=True)
        members = self.compute.get_server_group(group.id).member_ids
        self.assertEqual(set(members), {each.id for each in servers})

    def test_an_aggregate_makes_a_zone(self):
        aggregate = self.compute.create_aggregate(name="sdk", availability_zone="west")
        self.compute.add_host_to_aggregate(aggregate, "host-2")
        self.compute.set_aggregate_metadata(aggregate, {"rack": "1"})
        shown = self.compute.get_aggregate(aggregate.id)
        self.assertEqual((shown.hosts, shown.metadata["rack"]), (["host-2"], "1"))
        self.assertIn("west", self.cloud.list_availability_zone_names())
        server = self.boot("west", availability_zone="west")
        self.assertEqual((server.compute_host, server.availability_zone), ("host-2", "west"))
        self.cloud.delete_server(server.id, wait=True)
        self.compute.remove_host_from_aggregate(aggregate, "host-2")
        self.compute.delete_aggregate(aggregate)
        self.assertEqual(self.cloud.list_availability_zone_names(), ["nova"])

    def test_quotas_limits_and_usage(self):
        demo = self.cloud.get_project("demo")
        self.cloud.set_compute_quotas("demo", instances=3, cores=5)
        quotas = self.compute.get_quota_set(demo.id, usage=True)
        self.assertEqual((quotas.instances, quotas.cores), (3, 5))
        self.assertEqual(quotas.usage["instances"], 0)
        limits = connect("novella-demo").get_compute_limits()
        self.assertEqual((limits.instances, limits.total_instances_used), (3, 0))
        self.cloud.delete_compute_quotas("demo")
        self.assertEqual(self.compute.get_quota_set(demo.id).instances, 10)
        server = self.boot("used")
        usage = self.compute.get_usage(server.project_id)
        self.assertIn(server.id, [each.instance_id for each in usage.server_usages])

    def test_hypervisors_with_details_and_services(self):
        server = self.boot("placed")
        hypervisors = list(self.compute.hypervisors(details=True, with_servers=True))
        self.assertEqual([each.name for each in hypervisors], ["host-1", "host-2"])
        ours = next(each for each in hypervisors if each.name == server.compute_host)
        self.assertIn(server.id, [each["uuid"] for each in ours.servers])
        self.assertEqual((ours.state, ours.status), ("up", "enabled"))
        old = connect(version="2.79").compute
        figures = list(old.hypervisors(details=True))[0]
        self.assertGreater(figures.memory_size, 0)
        self.assertEqual(self.compute.find_hypervisor("host-1").name, "host-1")
        services = {each.host: each for each in self.compute.services(binary="nova-compute")}
        self.assertEqual(set(services), {"host-1", "host-2"})
        disabled = self.compute.disable_service(services["host-2"], disabled_reason="work")
        self.assertEqual((disabled.status, disabled.disabled_reason), ("disabled", "work"))
        self.assertEqual(self.compute.enable_service(services["host-2"]).status, "enabled")

    def test_thirty_servers_are_listed_in_pages_of_seven(self):
        body = {
            "name": "many",
            "flavorRef": self.flavor.id,
            "imageRef": self.cloud.get_image("tiny").id,
            "networks": "none",
            "min_count": 30,
        }
        reply = self.compute.post("/servers", json={"server": body})
        self.assertEqual(reply.status_code, 202)
        find = {"name": "^many-", "limit": 7}
        in_detail = list(self.compute.servers(**find))
        names = {each.name for each in in_detail}
        self.assertEqual((len(in_detail), len(names)), (30, 30))
        brief = [each.id for each in self.compute.servers(details=False, **find)]
        self.assertEqual(brief, [each.id for each in in_detail])
        sorted_names = [
            each.name for each in self.compute.servers(sort_key="display_name", sort_dir="asc", **find)
        ]
        self.assertEqual(sorted_names, sorted(names))
        page = list(self.compute.servers(paginated=False, **find))
        self.assertEqual(len(page), 7)
        for server in in_detail:
            self.compute.delete_server(server)
        for server in in_detail:
            self.compute.wait_for_delete(server, interval=0.1, wait=60)

    def test_another_project_sees_nothing_of_it(self):
        server = self.boot("hidden")
        demo = connect("novella-demo")
        self.assertEqual(demo.list_servers(), [])
        self.assertIsNone(demo.get_server(server.id))
        with self.assertRaises(exceptions.ForbiddenException):
            list(demo.compute.hypervisors())
        with self.assertRaises(exceptions.ForbiddenException):
            demo.compute.create_flavor(name="mine", ram=1, vcpus=1, disk=1)

    def test_an_error_names_the_field_and_its_rule(self):
        with self.assertRaisesRegex(exceptions.BadRequestException, "min_count"):
            self.compute.create_server(
                name="bad", flavor_id=self.flavor.id, networks="none", min_count=-1
            )
        with self.assertRaises(exceptions.NotFoundException):
            self.compute.get_server("11111111-2222-4333-8444-555555555555")


if __name__ == "__main__":
    unittest.main()

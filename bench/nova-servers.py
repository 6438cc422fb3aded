"""Inserts running servers into the databases of a Nova without any, through Nova's own objects.

nova-servers.py CONFIGURATION COUNT PROJECT. Each server has one direct port and a host.
"""

import datetime
import sys
import uuid

from nova import config, context, objects
from nova.compute import power_state, vm_states
from nova.network import model

HOSTS = 100
NETWORK = str(uuid.uuid4())


def main(configuration, count, project):
    config.parse_args(['servers', '--config-file', configuration])
    objects.register_all()
    admin = context.get_admin_context()
    [cell] = [one for one in objects.CellMappingList.get_all(admin) if one.name == 'cell1']
    flavor = objects.Flavor(
        admin, flavorid='1', name='m1.small', memory_mb=2048, vcpus=1, root_gb=20, ephemeral_gb=0,
        swap=0, rxtx_factor=1.0, vcpu_weight=0, disabled=False, is_public=True, extra_specs={},
        description=None)
    flavor.create()
    owner = context.RequestContext(user_id='bench', project_id=project, is_admin=True)
    with context.target_cell(owner, cell) as inside:
        nodes = [make_node(inside, f'host-{at:04}') for at in range(HOSTS)]
        for at in range(count):
            objects.InstanceMapping(
                admin, instance_uuid=make_server(inside, at, flavor, nodes[at % HOSTS]),
                cell_mapping=cell, project_id=project, user_id='bench',
                queued_for_delete=False).create()


def make_node(ctx, name):
    service = objects.Service(
        ctx, host=name, binary='nova-compute', topic='compute', report_count=1, disabled=False,
        last_seen_up=datetime.datetime.now(datetime.timezone.utc))
    service.create()
    node = objects.ComputeNode(
        ctx, uuid=str(uuid.uuid4()), host=name, hypervisor_hostname=name, vcpus=64,
        memory_mb=2**18, local_gb=2000, vcpus_used=0, memory_mb_used=0, local_gb_used=0,
        hypervisor_type='QEMU', hypervisor_version=1, cpu_info='{}', service_id=service.id)
    node.create()
    return node


def make_server(ctx, at, flavor, node):
    server = objects.Instance(
        ctx, uuid=str(uuid.uuid4()), project_id=ctx.project_id, user_id=ctx.user_id,
        display_name=f'bench-{at}', hostname=f'bench-{at}', host=node.host, node=node.host,
        compute_id=node.id, image_ref=str(uuid.UUID(int=1)), vm_state=vm_states.ACTIVE,
        task_state=None, power_state=power_state.RUNNING, memory_mb=flavor.memory_mb,
        launched_at=datetime.datetime.now(datetime.timezone.utc), vcpus=flavor.vcpus,
        root_gb=flavor.root_gb, ephemeral_gb=0, instance_type_id=flavor.id, launch_index=0,
        reservation_id='r-bench', availability_zone='nova', root_device_name='/dev/vda',
        config_drive='True', metadata={}, system_metadata={},
        security_groups=objects.SecurityGroupList(objects=[]))
    server.flavor = flavor
    server.old_flavor = None
    server.new_flavor = None
    server.create()
    server.info_cache.network_info = model.NetworkInfo([port_of(at)])
    server.info_cache.save()
    return server.uuid


def port_of(at):
    subnet = model.Subnet(
        cidr='10.0.0.0/8', gateway=model.IP(address='10.0.0.1', type='gateway'), version=4, dns=[],
        routes=[], ips=[model.FixedIP(address=f'10.{at // 256}.{at % 256}.5')])
    network = model.Network(id=NETWORK, label='bench', subnets=[subnet], bridge=None)
    return model.VIF(
        id=str(uuid.uuid4()), address=f'fa:16:3e:00:{at // 256:02x}:{at % 256:02x}',
        vnic_type='direct', type='hw_veb', active=True, details={'vlan': '42'}, network=network)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])

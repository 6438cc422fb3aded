"""Times the real Nova's PCI code on the inputs of a data file, read as JSON from standard input.

Prints one JSON document: the version of Nova, and for each figure its rates per second, one for
each round. Needs Nova's Python code and its dependencies, nothing else of OpenStack.
"""

import copy
import json
import sys
import time
import uuid
from importlib import metadata
from unittest import mock

from nova import exception, objects
from nova.pci import devspec, stats, whitelist
from nova.pci import utils as pci_utils

ROUNDS = 3
ROUND_SECONDS = 0.7


def rates(units, work):
    """Units per second of processor time of each round; a first, unmeasured run warms up."""
    work()
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        runs = 0
        while time.process_time() - started < ROUND_SECONDS:
            work()
            runs += 1
        found.append(runs * units / (time.process_time() - started))
    return found


def device_dict(wire):
    return {
        **{key: wire[key] for key in ('address', 'vendor_id', 'product_id', 'numa_node')},
        'dev_type': wire['dev_type'],
        'parent_addr': wire['parent_addr'],
        'parent_ifname': wire.get('parent_ifname'),
        'capabilities': {},
    }


def match_rates(match, first):
    by_name = match['sysfs']['ifnames']
    pfs = set(match['sysfs']['pfs'])
    devices = [device_dict(one) for one in match['devices']]
    with mock.patch.object(
        pci_utils, 'get_function_by_ifname', lambda name: (by_name.get(name), True)
    ), mock.patch.object(
        pci_utils,
        'is_physical_function',
        lambda domain, bus, slot, func: f'{domain}:{bus}:{slot}.{func}' in pfs,
    ):
        specs = [devspec.PciDeviceSpec(json.loads(text)) for text in match[first['list']]]
        specs = specs[: first['specs']]

        def work():
            for device in devices:
                next((spec for spec in specs if spec.match(device)), None)

        return rates(len(devices), work)


def pool_list(pools):
    return objects.PciDevicePoolList(
        objects=[objects.PciDevicePool.from_dict(copy.deepcopy(pool)) for pool in pools]
    )


def request_objects(wires):
    return [
        objects.InstancePCIRequest(
            request_id=str(uuid.UUID(int=at + 1)),
            count=wire['count'],
            spec=[dict(one) for one in wire['spec']],
            alias_name=wire.get('alias_name'),
            requester_id=wire.get('requester_id'),
            numa_policy=wire.get('numa_policy'),
        )
        for at, wire in enumerate(wires)
    ]


def filter_rates(data, wires):
    hosts = [
        stats.PciDeviceStats(objects.NUMATopology(cells=[]), stats=pool_list(pools))
        for pools in data['hosts']
    ]
    requests = request_objects(wires)

    def work():
        for host in hosts:
            host.support_requests(requests, provider_mapping=None)

    return rates(len(hosts), work)


def claim_rates(compute):
    """One VF after the other until none is left, a round for each fresh host."""
    specs = whitelist.Whitelist(compute['specs'])
    request = request_objects(compute['request'])
    found = []
    for _ in range(ROUNDS):
        host = stats.PciDeviceStats(objects.NUMATopology(cells=[]), dev_filter=specs)
        for wire in compute['devices']:
            device = device_dict(wire)
            if specs.device_assignable(device):
                host.add_device(objects.PciDevice.create(None, device))
        claims = 0
        started = time.process_time()
        try:
            while host.consume_requests(request) is not None:
                claims += 1
        except exception.PciDeviceRequestFailed:
            if claims == 0:
                raise
        found.append(claims / (time.process_time() - started))
    return found


def main():
    data = json.load(sys.stdin)
    objects.register_all()
    found = {'version': metadata.version('nova'), 'rates': {}}
    for first in data['expected']['match_first']:
        key = f"matches {first['list']} {first['specs']}"
        found['rates'][key] = match_rates(data['match'], first)
    for name, wires in data['requests'].items():
        found['rates'][f'hosts_filtered {name}'] = filter_rates(data, wires)
    found['rates']['claims'] = claim_rates(data['compute'])
    json.dump(found, sys.stdout)


main()

"""Stands for the network agents of one host: tells Neutron over its own RPC that they are alive, and of each port bound there that it is wired.

What the SR-IOV NIC agent and the Open vSwitch agent do, without a kernel. While the file `--idle` is there nothing is wired; what was bound
meanwhile is, when it goes.
"""
import json
import os
import sys
import time

from neutron.agent import rpc as agent_rpc
from neutron.common import config
from neutron.conf.agent import common as agent_config
from neutron_lib import constants, context, rpc
from neutron_lib.agent import topics
from oslo_config import cfg
import oslo_messaging

REPORT_SECONDS = 15


class Ports:
    """Hears of bound ports, and keeps those of this host until they are wired."""

    target = oslo_messaging.Target(version="1.4")

    def __init__(self, host):
        self.host = host
        self.waiting = {}

    def port_update(self, _context, port, **_):
        self.waiting.pop(port["id"], None)
        if port.get("binding:host_id") == self.host:
            self.waiting[port["id"]] = device_of(port)

    def port_delete(self, _context, port_id, **_):
        self.waiting.pop(port_id, None)


def device_of(port):
    """How the port's own agent names it: by MAC and address of the VF, or by its id. None: no agent sees it."""
    kind = port.get("binding:vif_type")
    if kind == "hw_veb":
        return agent_rpc.DeviceInfo(port["mac_address"], port["binding:profile"]["pci_slot"])
    return port["id"] if kind == "ovs" else None


def states(host, mappings):
    """Both agents as they report themselves."""
    bridges = {physnet: f"br-{physnet}" for physnet in mappings}
    yield constants.AGENT_TYPE_NIC_SWITCH, "neutron-sriov-nic-agent", {"device_mappings": mappings}
    yield constants.AGENT_TYPE_OVS, "neutron-openvswitch-agent", {
        "bridge_mappings": bridges,
        "integration_bridge": "br-int",
        "tunnel_types": [],
        "datapath_type": "system",
    }


def report(api, admin, host, mappings, first):
    for kind, binary, configurations in states(host, mappings):
        state = {
            "agent_type": kind,
            "binary": binary,
            "host": host,
            "topic": constants.L2_AGENT_TOPIC,
            "configurations": configurations,
        }
        if first:
            state["start_flag"] = True
        api.report_state(admin, state, use_call=first)


def wire(plugin, admin, ports):
    for port_id, device in list(ports.waiting.items()):
        agent_id = f"agent-on-{ports.host}"
        details = device and plugin.get_devices_details_list(admin, [device], agent_id, ports.host)
        if details and not details[0].get("port_id"):
            continue
        if details:
            plugin.update_device_list(admin, [device], [], agent_id, ports.host)
            print("wired", port_id, flush=True)
        if ports.waiting.get(port_id) == device:
            ports.waiting.pop(port_id, None)


def main():
    cfg.CONF.register_cli_opts([cfg.StrOpt("on-host"), cfg.StrOpt("mappings"), cfg.StrOpt("idle")])
    agent_config.register_agent_state_opts_helper(cfg.CONF)
    config.register_common_config_options()
    config.init(sys.argv[1:])
    rpc.init(cfg.CONF)
    host, mappings, idle = cfg.CONF.on_host, json.loads(cfg.CONF.mappings), cfg.CONF.idle
    admin = context.get_admin_context_without_session()
    state_api = agent_rpc.PluginReportStateAPI(topics.REPORTS)
    plugin = agent_rpc.PluginApi(topics.PLUGIN)
    ports = Ports(host)
    agent_rpc.create_consumers([ports], topics.AGENT, [[topics.PORT, topics.UPDATE], [topics.PORT, topics.DELETE]])
    reported = None
    while True:
        if reported is None or time.monotonic() - reported > REPORT_SECONDS:
            report(state_api, admin, host, mappings, reported is None)
            if reported is None:
                print("alive on", host, flush=True)
            reported = time.monotonic()
        if not os.path.exists(idle):
            wire(plugin, admin, ports)
        time.sleep(0.1)


main()

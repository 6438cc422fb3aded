/**
 * The network service as the compute side calls it, without HTTP: with the functions and the checks
 * of the API.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import type { NetworkWithSubnets, StoredPort } from '#contracts/store/network-store.ts';
import { isComputeError } from '#core/errors.ts';
import { NetworkAgents } from '#core/networking/binding/network-agents.ts';
import type { Network, Port, PortChange, UsableNetwork } from '#core/networking/port.ts';
import type { SecurityGroup } from '#core/networking/security-group.ts';
import { withOwnRoles } from '../own-roles.ts';
import { newPortBindingBody, newPortBody, portChangeBody } from './requests/bodies.ts';
import { type NetworkContext, rightsOf } from './requests/context.ts';
import { findNetwork, listNetworks } from './networks/networks.ts';
import {
  activatePortBinding,
  createPortBinding,
  listPortBindings,
  removePortBinding,
} from './ports/port-bindings.ts';
import { updatePort } from './ports/port-change.ts';
import {
  type GroupWithRules,
  securityGroupsOf,
  securityGroupsOfIds,
} from './security-groups/security-groups.ts';
import { createPort, findPort, listPorts, removePort } from './ports/ports.ts';

const ownRights = (caller: Caller) => rightsOf(withOwnRoles(caller));

export function createInProcessNetwork(context: NetworkContext): NetworkService {
  const service = rightsOf('service');
  return {
    async showPort(id, caller) {
      const port = toPort(await findPort(context.store, ownRights(caller), id));
      return { ...port, complete: port };
    },
    async findNetwork(id, caller) {
      return toUsable(await findNetwork(context.store, ownRights(caller), id));
    },
    async listBootableNetworks(caller: Caller) {
      const rights = { projectId: caller.projectId, isPrivileged: false };
      const visible = await listNetworks(context, rights);
      const own = visible.filter(({ network }) => network.projectId === caller.projectId);
      const bootable = own.length > 0 ? own : visible.filter(({ network }) => network.shared);
      return bootable.map(toUsable);
    },
    async showNetwork(id) {
      return toNetwork(await findNetwork(context.store, service, id));
    },
    async listPorts(ids) {
      if (ids.length === 0) return [];
      return (await listPorts(context, service, { ids })).map(toPort);
    },
    listPortGroups: (ids) => context.store.portGroups(ids),
    async listServerPorts(serverId) {
      return (await listPorts(context, service, { deviceId: serverId })).map(toPort);
    },
    listFloatingIps: async () => [],
    // Ports are bound here, by the physical networks that hosts report.
    listAgents: async () => new NetworkAgents([], context.clock.now()),
    async listSecurityGroups(wanted, caller, isDisplayOnly = false) {
      const rights = ownRights(caller);
      const groups =
        'ids' in wanted
          ? await securityGroupsOfIds(context.store, rights, {
              ids: wanted.ids,
              hasRules: !isDisplayOnly,
            })
          : await securityGroupsOf(context, rights, wanted.projectId);
      return groups.map(toSecurityGroup);
    },
    async createPort({ networkId, projectId, deviceId, fixedIp, securityGroupIds }, caller) {
      const port = {
        network_id: networkId,
        project_id: projectId,
        device_id: deviceId,
        ...(fixedIp !== null && { fixed_ips: [{ ip_address: fixedIp }] }),
        ...(securityGroupIds !== undefined && { security_groups: [...securityGroupIds] }),
      };
      return toPort(await createPort(context, ownRights(caller), newPortBody.read({ port })));
    },
    async updatePort(id, change) {
      const requested = portChangeBody.read({ port: toWire(change) });
      return toPort(await updatePort(context, service, id, requested));
    },
    deletePort: (id) => unlessGone(removePort(context, service, id)),
    listPortBindings: (portId) => listPortBindings(context, service, portId),
    async addPortBinding(portId, { host, vnicType, profile }) {
      const binding = { host, vnic_type: vnicType, profile };
      const requested = newPortBindingBody.read({ binding });
      return createPortBinding(context, service, portId, requested);
    },
    async activatePortBinding(portId, host) {
      await activatePortBinding(context, service, { portId, host });
    },
    removePortBinding: (portId, host) =>
      unlessGone(removePortBinding(context, service, { portId, host })),
  };
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isComputeError(error, 'notFound')) throw error;
  }
}

/** `dnsName` has no meaning without DNS integration, which is not offered. */
function toWire(change: PortChange) {
  return {
    ...(change.deviceId !== undefined && { device_id: change.deviceId }),
    ...(change.deviceOwner !== undefined && { device_owner: change.deviceOwner }),
    ...(change.bindingHost !== undefined && { 'binding:host_id': change.bindingHost }),
    ...(change.profile !== undefined && { 'binding:profile': change.profile }),
    ...(change.macAddress !== undefined && { mac_address: change.macAddress }),
    ...(change.securityGroupIds !== undefined && { security_groups: change.securityGroupIds }),
    ...(change.fixedIps !== undefined && {
      fixed_ips: change.fixedIps.map(({ subnetId, ipAddress }) => ({
        subnet_id: subnetId,
        ...(ipAddress !== undefined && { ip_address: ipAddress }),
      })),
    }),
  };
}

function toPort(port: StoredPort): Port {
  return {
    id: port.id,
    name: port.name,
    networkId: port.networkId,
    projectId: port.projectId,
    macAddress: port.macAddress,
    adminStateUp: port.adminStateUp,
    status: port.status,
    deviceId: port.deviceId,
    deviceOwner: port.deviceOwner,
    fixedIps: port.fixedIps,
    vnicType: port.vnicType,
    numaPolicy: port.numaAffinityPolicy,
    securityGroupIds: port.securityGroupIds,
    portSecurityEnabled: port.portSecurityEnabled,
    bindingHost: port.bindingHost,
    profile: port.profile,
    vifType: port.vifType,
    vifDetails: port.vifDetails,
  };
}

function toSecurityGroup({ group, rules }: GroupWithRules): SecurityGroup {
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    projectId: group.projectId,
    rules: rules.map((rule) => ({
      id: rule.id,
      direction: rule.direction,
      protocol: rule.protocol,
      portRangeMin: rule.portRangeMin,
      portRangeMax: rule.portRangeMax,
      remoteIpPrefix: rule.remoteIpPrefix,
      remoteGroupId: rule.remoteGroupId,
    })),
  };
}

function toUsable({ network, subnets }: NetworkWithSubnets): UsableNetwork {
  return { id: network.id, name: network.name, hasSubnet: subnets.length > 0 };
}

function toNetwork({ network, subnets }: NetworkWithSubnets): Network {
  const { networkType, physicalNetwork, segmentationId } = network;
  return {
    id: network.id,
    name: network.name,
    projectId: network.projectId,
    mtu: network.mtu,
    segments: [{ networkType, physicalNetwork, segmentationId }],
    subnets: subnets.map((subnet) => ({
      id: subnet.id,
      cidr: subnet.cidr,
      ipVersion: subnet.ipVersion,
      gatewayIp: subnet.gatewayIp,
      dnsNameservers: subnet.dnsNameservers,
      hostRoutes: subnet.hostRoutes,
      enableDhcp: subnet.enableDhcp,
    })),
  };
}

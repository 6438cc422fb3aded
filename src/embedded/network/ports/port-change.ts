/** Changing a port: the user's fields, and binding it to a host or unbinding it. */
import type { NetworkRows, StoredNetwork, StoredPort } from '#contracts/store/network-store.ts';
import { vnicTraits } from '#core/networking/vnic-types.ts';
import { chooseAddresses } from './address-choice.ts';
import { bindPort, keepsBinding, unbound } from './binding.ts';
import type { RequestedPortChange } from '../requests/bodies.ts';
import { changed, type NetworkContext, type Rights } from '../requests/context.ts';
import { NetworkError } from '../requests/errors.ts';
import { checkMac, freeMac } from './mac-address.ts';
import { refuseKeysOfNetworkOwner, refusePrivilegedPortKeys } from './port-policy.ts';
import { findOwnPort } from './ports.ts';
import { groupsForPort, refuseGroupsWithoutSecurity } from '../security-groups/security-groups.ts';

/**
 * PUT /v2.0/ports/{id}. Setting `binding:host_id` binds, null or '' unbinds; `binding:profile`
 * replaces the entire profile.
 */
export async function updatePort(
  context: NetworkContext,
  rights: Rights,
  id: string,
  requested: RequestedPortChange,
): Promise<StoredPort> {
  refusePrivilegedPortKeys('update', rights, requested);
  const change = { rights, id, requested };
  if (!isOfRowAlone(requested)) {
    return context.store.atomic(async (rows) => {
      const { before, port } = await changedPort(rows, context, change);
      await rows.updatePort(port, before);
      return port;
    });
  }
  for (;;) {
    const { before, port } = await changedPort(context.store, context, change);
    if (await context.store.replacePort(port, before)) return port;
  }
}

/** It depends on no row that could change until it is written, but the port's own. */
function isOfRowAlone(requested: RequestedPortChange): boolean {
  return requested.fixed_ips === undefined && requested.security_groups === undefined;
}

interface Change {
  rights: Rights;
  id: string;
  requested: RequestedPortChange;
}

async function changedPort(
  rows: NetworkRows,
  context: NetworkContext,
  { rights, id, requested }: Change,
): Promise<{ before: StoredPort; port: StoredPort }> {
  const before = await findOwnPort(rows, rights, id);
  const networkOf = async () => (await rows.network(before.networkId)) as StoredNetwork;
  await refuseKeysOfNetworkOwner('update', { rights, requested, networkOf });
  refuseWhileBound(before, requested);
  const wanted: StoredPort = {
    ...before,
    ...plainFields(before, requested),
    fixedIps: await addressesOf(rows, { before, requested }),
    securityGroupIds: await groupsOf(rows, context, { before, requested }),
    bindingHost:
      requested['binding:host_id'] === undefined
        ? before.bindingHost
        : (requested['binding:host_id'] ?? ''),
    profile:
      requested['binding:profile'] === undefined
        ? before.profile
        : (requested['binding:profile'] ?? {}),
  };
  if (requested.port_security_enabled === false || requested.security_groups !== undefined) {
    refuseGroupsWithoutSecurity(wanted, requested.security_groups);
  }
  const macAddress = await macOf(rows, { before, wanted, macAddress: requested.mac_address });
  const binding =
    wanted.bindingHost === ''
      ? unbound
      : keepsBinding(before, wanted)
        ? {}
        : bindPort(wanted, await networkOf(), context.hostMappings);
  const port = changed(context, before, { ...wanted, macAddress, ...binding });
  return { before, port };
}

function plainFields(before: StoredPort, requested: RequestedPortChange): Partial<StoredPort> {
  return {
    name: requested.name ?? before.name,
    description: requested.description ?? before.description,
    adminStateUp: requested.admin_state_up ?? before.adminStateUp,
    deviceId: requested.device_id ?? before.deviceId,
    deviceOwner: requested.device_owner ?? before.deviceOwner,
    portSecurityEnabled: requested.port_security_enabled ?? before.portSecurityEnabled,
    vnicType: requested['binding:vnic_type'] ?? before.vnicType,
    numaAffinityPolicy:
      requested.numa_affinity_policy === undefined
        ? before.numaAffinityPolicy
        : requested.numa_affinity_policy,
  };
}

async function addressesOf(
  rows: NetworkRows,
  { before, requested }: { before: StoredPort; requested: RequestedPortChange },
) {
  if (requested.fixed_ips === undefined) return before.fixedIps;
  const { networkId, fixedIps: own } = before;
  const subnets = await rows.subnets(networkId);
  return chooseAddresses(rows, { networkId, subnets, requested: requested.fixed_ips, own });
}

async function groupsOf(
  rows: NetworkRows,
  context: NetworkContext,
  { before, requested }: { before: StoredPort; requested: RequestedPortChange },
) {
  if (requested.security_groups === undefined) return before.securityGroupIds;
  const { projectId } = before;
  return groupsForPort(rows, context, { projectId, groupIds: requested.security_groups ?? [] });
}

/**
 * A port of an entire PF has that PF's MAC while it is bound (`device_mac_address` of the profile),
 * and one of ours again after. Source: Neutron's extension `port-mac-override`.
 */
async function macOf(
  rows: NetworkRows,
  given: { before: StoredPort; wanted: StoredPort; macAddress: string | undefined },
): Promise<string> {
  const { before, wanted } = given;
  const mac =
    wanted.bindingHost === '' ? given.macAddress : (deviceMac(wanted) ?? given.macAddress);
  if (mac !== undefined && mac.toLowerCase() !== before.macAddress) {
    return checkMac(rows, before.networkId, mac);
  }
  const wasOfDevice = deviceMac(before)?.toLowerCase() === before.macAddress;
  if (wanted.bindingHost === '' && wasOfDevice) return freeMac(rows, before.networkId);
  return before.macAddress;
}

function deviceMac({ vnicType, profile }: StoredPort): string | undefined {
  const mac = profile['device_mac_address'];
  return vnicTraits(vnicType).device === 'PF' && typeof mac === 'string' ? mac : undefined;
}

/**
 * A VF has the MAC and the kind that its guest was started with: they change only while the port is
 * on no host.
 */
function refuseWhileBound(before: StoredPort, requested: RequestedPortChange): void {
  const { id, bindingHost, vnicType, vifType } = before;
  if (bindingHost === '' || vifType === 'binding_failed') return;
  if (requested['binding:host_id'] === null || requested['binding:host_id'] === '') return;
  const mac = requested.mac_address?.toLowerCase();
  if (mac !== undefined && mac !== before.macAddress) {
    throw new NetworkError(
      'conflict',
      'PortBound',
      `Unable to complete operation on port ${id}, port is already bound, port type: ${vifType}, old_mac ${before.macAddress}, new_mac ${mac}.`,
    );
  }
  const given = requested['binding:vnic_type'];
  if (given === undefined || given === vnicType) return;
  throw new NetworkError(
    'conflict',
    'PortBoundVnicType',
    `port.binding:vnic_type: '${given}': port ${id} is bound as ${vnicType}; unbind it first`,
  );
}

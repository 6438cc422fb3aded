/**
 * The `networks` of a boot request as NICs, in order. Existence is not checked here. Source: Nova
 * compute API reference, "Create Server", networks.
 */
import ipaddr from 'ipaddr.js';
import { ComputeError } from '#core/errors.ts';
import type { NewServerRequest, RequestedNic } from '#core/servers/new-server.ts';
import type { CreateServerBody, NetworkEntry } from './create-schema.ts';

type Networks = CreateServerBody['server']['networks'];

/**
 * Throws `invalid` naming the entry. An empty list means none given before 2.37, and no NIC from it
 * on.
 */
export function requestedNics(
  networks: Networks,
  version: number,
  maxCount: number,
): NewServerRequest['networks'] {
  if (networks === undefined) return 'unspecified';
  if (networks === 'auto' || networks === 'none') return networks;
  if (networks.length === 0) return version >= 37 ? 'none' : 'unspecified';
  const nics = networks.map((entry, at) => requestedNic(entry, `networks[${at}]`));
  if (maxCount > 1) refuseSharedIdentity(nics, maxCount);
  return nics;
}

function requestedNic(entry: NetworkEntry, where: string): RequestedNic {
  const fixedIp = entry.fixed_ip ?? null;
  const portId = entry.port ?? null;
  if (fixedIp !== null && !ipaddr.isValid(fixedIp)) {
    throw new ComputeError(
      'invalid',
      `Invalid input for field/attribute ${where}.fixed_ip. Value: ${fixedIp}. must be an IP address`,
    );
  }
  if (portId !== null && fixedIp !== null) {
    throw new ComputeError(
      'invalid',
      `${where}: Specified Fixed IP '${fixedIp}' cannot be used with port '${portId}': the port has its own address.`,
    );
  }
  if (portId === null && entry.uuid === undefined) {
    throw new ComputeError('invalid', `${where}: Bad network format: missing 'uuid'`);
  }
  if (portId === null && !isUuid(entry.uuid ?? '')) {
    throw new ComputeError(
      'invalid',
      `${where}: Bad networks format: network uuid is not in proper format (${entry.uuid})`,
    );
  }
  return {
    networkId: portId === null ? (entry.uuid ?? null) : null,
    portId,
    fixedIp,
    tag: entry.tag ?? null,
  };
}

/** A port or an address belongs to one server. */
function refuseSharedIdentity(nics: RequestedNic[], maxCount: number): void {
  const at = nics.findIndex(({ portId, fixedIp }) => portId !== null || fixedIp !== null);
  if (at < 0) return;
  const what = nics[at]?.portId === null ? 'a fixed IP' : 'a port';
  throw new ComputeError(
    'invalid',
    `networks[${at}]: ${what} cannot be given to ${maxCount} servers: max_count must be 1.`,
  );
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text);
}

/**
 * Failover of a VF: the guest has a virtual NIC with the same MAC beside it, by which it continues
 * while the VF is away.
 */
import { parseBooleanText } from '../pci/devices/boolean-text.ts';
import type { Port } from './port.ts';
import { vnicTraits } from './vnic-types.ts';

/** Of a port's `binding:profile`. It takes precedence over the extra spec of the flavor. */
const profileKey = 'sriov_failover';
/** Of a flavor: for all ports of its servers that can. */
const extraSpec = 'hw:sriov_failover';

/** What the port itself requests: null where it leaves that to the flavor. */
export function portFailover({ profile }: Pick<Port, 'profile'>): boolean | null {
  const value = profile[profileKey];
  return value === undefined ? null : (parseFlag(value) ?? null);
}

/** Does a port of a server with these extra specs request it? */
export function requestsFailover(
  port: Pick<Port, 'profile'>,
  extraSpecs: Readonly<Record<string, string>>,
): boolean {
  return portFailover(port) ?? parseBooleanText(extraSpecs[extraSpec] ?? '') === true;
}

/**
 * Why no server can have the port as it is; undefined: one can. Example: `binding:profile
 * sriov_failover "often" must be true or false`.
 */
export function failoverRefusal({
  profile,
  vnicType,
}: Pick<Port, 'profile' | 'vnicType'>): string | undefined {
  const value = profile[profileKey];
  if (value === undefined) return undefined;
  const flag = parseFlag(value);
  if (flag === undefined) {
    return `binding:profile ${profileKey} ${JSON.stringify(value)} must be true or false`;
  }
  if (!flag || vnicTraits(vnicType).mayFailOver) return undefined;
  return `binding:profile ${profileKey} is true, which requires binding:vnic_type direct (it is ${vnicType})`;
}

function parseFlag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? parseBooleanText(value) : undefined;
}

/**
 * What each alias can take of what a device list offers: an alias of the wrong type takes nothing,
 * which otherwise shows only when a server boots.
 */
import { isComputeError } from '../../errors.ts';
import { parseAliases, type PciAlias } from '../requests/alias.ts';
import type { PciDeviceType } from '../devices/device.ts';
import type { PciDevicePool } from './pool.ts';
import { requestsOnly, matchesRequest, mismatches } from './pool-match.ts';

/** `takes`: offered functions that it can take with nothing held. `warning` null: no problem. */
export interface CheckedAlias {
  name: string;
  takes: number;
  /** Of what it takes. */
  types: PciDeviceType[];
  warning: { code: 'alias-wrong-type' | 'alias-without-device'; message: string } | null;
}

/**
 * Example: alias t4 of 10de:1eb8 with type-PCI, one such function offered as type-PF → takes 0,
 * warning `alias t4 asks for type-PCI, 10de:1eb8 is offered as type-PF`. `pools`: as they would be
 * with nothing held.
 */
export function checkAliases(
  aliases: readonly PciAlias[],
  pools: readonly PciDevicePool[],
): CheckedAlias[] {
  return aliases.map((alias) => {
    const { name, spec } = alias;
    const taken = pools.filter((pool) => matchesRequest(pool, requestOf(alias)));
    const takes = taken.reduce((sum, { count }) => sum + count, 0);
    const types = [...new Set(taken.map(({ deviceType }) => deviceType))];
    return { name, takes, types, warning: takes > 0 ? null : whyNone(name, spec, pools) };
  });
}

/**
 * The aliases of these definitions; if one is wrong, none, and the error. Example: `alias[0]: alias
 * "gpu": must have vendor_id and product_id`.
 */
export function readAliases(definitions: readonly { text: string; source: string }[]): {
  aliases: PciAlias[];
  refused: string[];
} {
  try {
    return { aliases: parseAliases(definitions), refused: [] };
  } catch (error) {
    if (!isComputeError(error, 'invalid')) throw error;
    return { aliases: [], refused: [error.message] };
  }
}

function requestOf({ name, spec, numaPolicy }: PciAlias) {
  return {
    requestId: '',
    count: 1,
    spec,
    needsInterface: false,
    aliasName: name,
    numaPolicy,
    requesterId: null,
  };
}

function whyNone(
  name: string,
  spec: PciAlias['spec'],
  pools: readonly PciDevicePool[],
): CheckedAlias['warning'] {
  const alike = pools.filter((pool) =>
    spec.some(({ dev_type: _type, ...rest }) => mismatches(pool, rest).length === 0),
  );
  const [first] = alike;
  if (first === undefined) {
    return { code: 'alias-without-device', message: `no offered device is of alias ${name}` };
  }
  const kinds = alike.map(
    (pool) => `${pool.vendorId}:${pool.productId} is offered as ${pool.deviceType}`,
  );
  const requested = spec.map((one) => one['dev_type']).find((type) => type !== undefined);
  const requests = requested === undefined ? 'asks for no device_type' : `asks for ${requested}`;
  const isSameType = requested !== undefined && requestsOnly(spec, first.deviceType);
  const why = isSameType ? ', managed by a SmartNIC (remote_managed)' : '';
  return {
    code: 'alias-wrong-type',
    message: `alias ${name} ${requests}, ${[...new Set(kinds)].join(', ')}${why}`,
  };
}

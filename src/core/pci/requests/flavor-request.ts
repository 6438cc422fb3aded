/** The PCI devices that a flavor requests through `pci_passthrough:alias`. */
import { ComputeError } from '../../errors.ts';
import type { PciAlias } from './alias.ts';
import { type NumaPolicy, numaPolicies, type PciRequest } from './request.ts';

/**
 * `affinityPolicy`: of the image; the flavor's `hw:pci_numa_affinity_policy` overrides it, and both
 * override the alias's own.
 */
export interface FlavorRequestInput {
  extraSpecs: Record<string, string>;
  aliases: readonly PciAlias[];
  affinityPolicy?: NumaPolicy | null;
  newId: () => string;
}

/**
 * One request per `name:count` of the extra spec; none when it is absent. Example: `gpu:1,qat:2` →
 * two requests, counts 1 and 2. Throws `invalid`: `bad_alias_syntax`, `bad_alias_count` or
 * `alias_not_defined` (in `detail`). Source: Nova `_translate_alias_to_requests`.
 */
export function requestsForFlavor({
  extraSpecs,
  aliases,
  affinityPolicy,
  newId,
}: FlavorRequestInput): PciRequest[] {
  const text = extraSpecs[aliasKey];
  if (text === undefined) return [];
  const policy = flavorPolicy(extraSpecs) ?? affinityPolicy ?? null;
  return aliasCounts(text).map(({ name, count }) => {
    const alias = aliases.find((one) => one.name === name);
    if (alias === undefined) {
      throw new ComputeError(
        'invalid',
        `pci_passthrough:alias "${text}": alias "${name}" is not defined`,
        {
          detail: 'alias_not_defined',
        },
      );
    }
    return {
      requestId: newId(),
      count,
      spec: alias.spec,
      aliasName: name,
      numaPolicy: policy ?? alias.numaPolicy,
      needsInterface: false,
      requesterId: null,
    };
  });
}

/** The extra spec by which a flavor requests devices. */
export const aliasKey = 'pci_passthrough:alias';

/**
 * Names and counts of its text. Example: `gpu:1,qat:2`. Throws `invalid`: `bad_alias_syntax` or
 * `bad_alias_count` (in `detail`).
 */
export function aliasCounts(text: string): { name: string; count: number }[] {
  return text.split(',').map((part) => parsePart(part, text));
}

/** The flavor's `hw:pci_numa_affinity_policy`, or null. Throws `invalid` for an unknown policy. */
function flavorPolicy(extraSpecs: Record<string, string>): NumaPolicy | null {
  const text = extraSpecs['hw:pci_numa_affinity_policy'];
  if (text === undefined) return null;
  const policy = numaPolicies.find((one) => one === text);
  if (policy !== undefined) return policy;
  throw new ComputeError(
    'invalid',
    `hw:pci_numa_affinity_policy "${text}": must be one of ${numaPolicies.join(', ')}`,
  );
}

/** More functions than a guest's board has slots. */
const mostDevices = 256;

function parsePart(part: string, text: string): { name: string; count: number } {
  const [, name = '', count] = /^([^:]*):\s*(\d+)\s*$/.exec(part) ?? [];
  if (count !== undefined) {
    const number = Number(count);
    if (number >= 1 && number <= mostDevices) return { name: name.trim(), count: number };
    throw new ComputeError(
      'invalid',
      `pci_passthrough:alias "${text}": "${part}": COUNT must be 1 to ${mostDevices}`,
      { detail: 'bad_alias_count' },
    );
  }
  throw new ComputeError(
    'invalid',
    `pci_passthrough:alias "${text}": "${part}" must be NAME:COUNT`,
    { detail: 'bad_alias_syntax' },
  );
}

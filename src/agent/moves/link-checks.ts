/** Checks the host's interfaces for the NICs of a guest that is to come. */
import { type GuestNic, isPciNic, standbyOf } from '#core/guests/description/guest.ts';
import {
  linkProblems,
  type NamedInterface,
  neededInterface,
  type NetworkMtus,
  type UnderNic,
} from '#core/guests/moves/link-problems.ts';
import type { FailedCheck } from '#core/guests/moves/preflight.ts';
import type { HostParts } from '../host-parts.ts';

type Parts = Pick<HostParts, 'links' | 'pciBus' | 'bridges'>;

/** Every check of bridges and MTUs that the host does not pass. Changes nothing. */
export async function failedLinks(
  parts: Parts,
  nics: readonly GuestNic[],
  mtus: NetworkMtus,
): Promise<FailedCheck[]> {
  const failed: FailedCheck[] = [];
  for (const nic of nics.flatMap(withStandby)) {
    const under = await underNic(parts, nic);
    if (under !== null) failed.push(...linkProblems(nic.portId, under, mtus[nic.portId]));
  }
  return failed;
}

function withStandby(nic: GuestNic): GuestNic[] {
  const standby = standbyOf(nic);
  return standby === undefined ? [nic] : [nic, standby];
}

async function underNic(parts: Parts, nic: GuestNic): Promise<UnderNic | null> {
  const named = async (name: string): Promise<NamedInterface> => ({
    name,
    found: await parts.links.interfaceNamed(name),
  });
  if (isPciNic(nic)) {
    const names = await interfacesOf(parts, nic);
    return { kind: 'functions', interfaces: await Promise.all(names.map(named)) };
  }
  if (nic.kind === 'bridge' && nic.wiring?.physicalNetwork != null) {
    const { physicalNetwork } = nic.wiring;
    const name = await parts.bridges.interfaceOf(physicalNetwork);
    return { kind: 'uplink', physicalNetwork, interface: name === null ? null : await named(name) };
  }
  const needed = neededInterface(nic);
  if (needed === null) return null;
  const found = await named(needed.name);
  return needed.kind === 'interface'
    ? { kind: 'interface', interface: found }
    : { kind: 'bridge', bridge: found, isSwitch: needed.kind === 'switch' };
}

/** Of its PF, and what is under a macvtap. The guest itself sets up what is passed through. */
async function interfacesOf(
  { pciBus }: Parts,
  { address, kind }: Extract<GuestNic, { address: string }>,
): Promise<string[]> {
  const own = kind === 'macvtap' ? await pciBus.ifnameOf(address) : null;
  const fn = await pciBus.functionAt(address);
  const above = fn?.parentAddress ?? null;
  const pf = above === null ? null : await pciBus.ifnameOf(above);
  return [pf, own].filter((name) => name !== null);
}

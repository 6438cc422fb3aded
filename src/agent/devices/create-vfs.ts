/**
 * At the agent's start: gives every PF the configured number of VFs, and sets it up. A PF whose VFs
 * guests or the host itself use keeps what it has.
 */
import { errorText } from '#core/errors.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { FoundGuest } from '#core/guests/plan/plan.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { hasIfname } from '#core/pci/devices/interface-names.ts';
import type { AgentOptions } from '../agent-options.ts';
import { vfUses } from './vf-uses.ts';

type Host = Pick<AgentOptions, 'host' | 'hypervisor' | 'pciBus' | 'log'>;

/**
 * `counts`: by interface or PCI address of the PF. Returns when the VFs exist. Never throws: a
 * count that cannot be reached is logged and returned as a problem of the host, which continues
 * with the existing VFs. Example: `{ enp1s0: 4 }`.
 */
export async function createVfs(
  host: Host,
  counts: Readonly<Record<string, number>>,
): Promise<HostProblem[]> {
  const problems: HostProblem[] = [];
  for (const [name, count] of Object.entries(counts)) {
    try {
      await createVfsOf(host, name, count);
    } catch (error) {
      const message = `vf_counts: ${name}: ${count}: ${errorText(error)}`;
      problems.push({ code: 'vf-count', message, blocks: 'none' });
      host.log.error({ host: host.host, pf: name, count }, message);
    }
  }
  return problems;
}

/**
 * The problems without those of PFs that have reached their count by now: VFs may appear late, or
 * an operator has created them.
 */
export async function withoutReachedCounts(
  { pciBus }: Pick<Host, 'pciBus'>,
  counts: Readonly<Record<string, number>>,
  problems: readonly HostProblem[],
): Promise<HostProblem[]> {
  if (!problems.some(({ code }) => code === 'vf-count')) return [...problems];
  const { functions } = await pciBus.listFunctions();
  const met = Object.entries(counts).flatMap(([name, count]) => {
    const pf = pfNamed(functions, name);
    const vfs = functions.filter(({ parentAddress }) => parentAddress === pf?.address);
    return pf !== undefined && vfs.length === count ? [`vf_counts: ${name}: ${count}: `] : [];
  });
  return problems.filter(({ message }) => !met.some((start) => message.startsWith(start)));
}

async function createVfsOf(host: Host, name: string, count: number): Promise<void> {
  const { pciBus, log } = host;
  const { functions } = await pciBus.listFunctions();
  const pf = pfNamed(functions, name);
  if (pf === undefined) {
    throw new Error(
      'no PCI function of this host has this interface or address (is it in a guest?)',
    );
  }
  await pciBus.setInterface(pf.address, { up: true });
  const { now } = await pciBus.vfCount(pf.address);
  if (now === count) return;
  const holders = await holdersOf(host, pf, functions);
  if (holders.length > 0) {
    throw new Error(
      `it has ${now} and keeps them, for all VFs of a PF go when their number changes, and guests hold ${holders.join(', ')}: stop or move these guests, then start the agent again`,
    );
  }
  const uses = await vfUses(pciBus, pf.address);
  if (uses.length > 0) {
    throw new Error(
      `it has ${now} and keeps them, for all VFs of a PF go when their number changes, and this host uses some: ${uses.join('; ')}; then start the agent again`,
    );
  }
  await pciBus.setVfCount(pf.address, count);
  log.info({ host: host.host, pf: pf.address, before: now, count }, `PF ${name} has ${count} VFs`);
}

function pfNamed(functions: readonly PciFunction[], name: string): PciFunction | undefined {
  return functions.find((fn) => hasIfname(fn, name) || fn.address === name.toLowerCase());
}

/**
 * Example: `0000:01:10.0 (guest instance-0000002a)`. Guests that are off hold theirs too, for their
 * next start.
 */
async function holdersOf(
  { hypervisor }: Host,
  pf: PciFunction,
  functions: readonly PciFunction[],
): Promise<string[]> {
  const guests: FoundGuest[] = await hypervisor.listGuests();
  const vfs = functions.filter(({ parentAddress }) => parentAddress === pf.address);
  const mine = new Set([pf, ...vfs].map(({ address }) => address));
  return guests.flatMap(({ name, devices }) =>
    devices
      .filter(({ address }) => mine.has(address))
      .map(({ address }) => `${address} (guest ${name})`),
  );
}

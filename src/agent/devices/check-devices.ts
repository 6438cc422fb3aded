/**
 * Checks that the guest's devices may be handed over. Done right before, because the host may have
 * changed since the claim.
 */
import { ComputeError } from '#core/errors.ts';
import { type Guest, isPciNic } from '#core/guests/description/guest.ts';
import { type HandOver, handOverProblems } from '#core/guests/plan/hand-over.ts';
import { vfChangeOf } from '#core/guests/plan/hand-over-steps.ts';
import { type HeldDevice, heldDevices } from '#core/guests/description/held-device.ts';
import { deviceProblems, type FoundGuest, isLive } from '#core/guests/plan/plan.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { printVfChange } from '#core/pci/vf/vf-settings.ts';
import type { HostParts } from '../host-parts.ts';

/** Throws `unavailable` with all reasons at once, each with its remedy. Changes nothing. */
export async function checkDevices(parts: HostParts, guest: Guest): Promise<void> {
  const problems = await deviceProblemsNow(parts, guest);
  if (problems.length > 0) throw new ComputeError('unavailable', problems.join('; '));
}

/** The same reasons; empty when all may be handed over. */
export async function deviceProblemsNow(parts: HostParts, guest: Guest): Promise<string[]> {
  const held = heldDevices(guest);
  if (held.length === 0) return [];
  const [{ functions }, guests] = await Promise.all([
    parts.pciBus.listFunctions(),
    parts.hypervisor.listGuests(),
  ]);
  const problems = deviceProblems(guest, { functions, guests }).map(({ message }) => message);
  if (problems.length === 0) {
    const found = guests.find(({ id }) => id === guest.id);
    const has = new Set(
      found !== undefined && isLive(found) ? found.devices.map(({ address }) => address) : [],
    );
    const handOver = handOversOf(guest, guests);
    // The guest's current devices were checked at their hand-over, and now the guest itself uses
    // them.
    for (const device of held.filter(({ address }) => !has.has(address))) {
      const fn = functions.find(({ address }) => address === device.address);
      if (fn !== undefined) problems.push(...(await problemsOf(parts, fn, handOver(device))));
    }
  }
  if (problems.length === 0) problems.push(...(await settingProblems(parts, guest)));
  return problems;
}

function handOversOf(
  guest: Guest,
  guests: readonly FoundGuest[],
): (device: HeldDevice) => HandOver {
  const ofAliases = new Set(guest.hostDevices.map(({ address }) => address));
  const whole = heldDevices(guest).filter(({ through }) => through === 'hostdev');
  const together = new Set(whole.map(({ address }) => address));
  const elsewhere = new Map(
    guests
      .filter((other) => other.id !== guest.id && isLive(other))
      .flatMap(({ name, devices }) => devices.map(({ address }) => [address, name] as const)),
  );
  return ({ address, through, isUnmanaged }) => ({
    through,
    ...(isUnmanaged === true && { isUnmanaged }),
    isNic: !ofAliases.has(address),
    together,
    elsewhere,
  });
}

async function problemsOf(
  { pciBus, devices }: HostParts,
  fn: PciFunction,
  handOver: HandOver,
): Promise<string[]> {
  const quarantine = await devices.problemOf(fn.address);
  if (quarantine !== undefined) {
    return [`PCI device ${fn.address} is quarantined: ${quarantine}`];
  }
  const facts = await pciBus.deviceFacts(fn.address);
  return handOverProblems(fn, handOver, facts).map(({ message }) => message);
}

/** A setting that the NIC does not support is refused before anything is done, not half-way. */
async function settingProblems({ pciBus }: HostParts, guest: Guest): Promise<string[]> {
  const problems: string[] = [];
  for (const nic of guest.nics.filter(isPciNic)) {
    const change = vfChangeOf(nic);
    if (Object.keys(change).length === 0) continue;
    for (const name of await pciBus.unsupportedSettings(nic.address, change)) {
      const setting = printVfChange({ [name]: change[name] });
      problems.push(
        `port ${nic.portId} asks for ${setting}, but the NIC of PCI device ${nic.address} has no such setting: change the port, or use another NIC`,
      );
    }
  }
  return problems;
}

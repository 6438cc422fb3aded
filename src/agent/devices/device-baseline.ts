/** The state of a device before a guest has it, and how it is restored. */
import { setTimeout as delay } from 'node:timers/promises';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { noMac } from '#core/pci/vf/vf-settings.ts';
import {
  baselineDifferences,
  changeToBaseline,
  type VfBaseline,
  vfBaseline,
} from '#core/pci/vf/vf-state.ts';
import { setVfClearingMac } from './clear-vf-mac.ts';
import { vfUses } from './vf-uses.ts';

export interface DeviceBaseline {
  driver: string | null;
  /** Of its own interface, and its MAC, of a PF. */
  ifname: string | null;
  macAddress: string | null;
  /** null: not a VF of a NIC. */
  vf: VfBaseline | null;
  /** Of a PF. */
  vfCount: number | null;
  /** Of a PF: was its interface up? Absent: it had none, or it was not read. */
  isUp?: boolean;
}

const pollMs = 100;

/** Reads the function now. Throws `unavailable` when it cannot be read. */
export async function takeBaseline(pciBus: PciBus, fn: PciFunction): Promise<DeviceBaseline> {
  const { address, ifname, macAddress, deviceType } = fn;
  const isPf = deviceType === 'type-PF';
  const isUp = isPf ? await pciBus.isUp(address) : null;
  return {
    driver: await pciBus.driverOf(address),
    ifname,
    macAddress,
    vf: isNicVf(fn) ? vfBaseline(await pciBus.vfState(address)) : null,
    vfCount: isPf ? (await pciBus.vfCount(address)).now : null,
    ...(isUp !== null && { isUp }),
  };
}

/**
 * A VF that is configured through its PF's interface. On InfiniBand that is IPoIB, which need not
 * support the VF, and nothing is set there.
 */
function isNicVf({ parentAddress, parentIfname, isInfiniBand }: PciFunction): boolean {
  return parentAddress !== null && parentIfname !== null && isInfiniBand !== true;
}

export interface RestoreRequest {
  address: PciAddress;
  baseline: DeviceBaseline;
  /** The guest's settings; they must not be left on the device. */
  guestMacAddress: string | null;
  /** Its driver is the operator's: the current one is kept. */
  keepsDriver: boolean;
  driverWaitMs: number;
}

/** Restores the device and reads it back. Throws, in plain English, when it is not as it was. */
export async function restoreBaseline(pciBus: PciBus, request: RestoreRequest): Promise<void> {
  const { address, baseline, keepsDriver } = request;
  if (!keepsDriver) await restoreDriver(pciBus, request);
  if (baseline.vf !== null) await restoreVf(pciBus, request, baseline.vf);
  if (baseline.vfCount === null) return;
  await restorePfInterface(pciBus, request);
  await restoreVfCount(pciBus, address, baseline.vfCount);
}

/** Rebinding a driver leaves its interface down, and the VFs of such a PF carry nothing. */
async function restorePfInterface(pciBus: PciBus, request: RestoreRequest): Promise<void> {
  const { address, baseline, keepsDriver } = request;
  if (baseline.isUp === undefined || keepsDriver) return;
  await interfaceExists(pciBus, request);
  if (!baseline.isUp || (await pciBus.isUp(address)) === true) return;
  await pciBus.setInterface(address, { up: true });
  if ((await pciBus.isUp(address)) === false) throw new Error('restore failed: it is down, was up');
}

/** VFs created on the host in the meantime may be in use there. */
async function restoreVfCount(pciBus: PciBus, address: PciAddress, count: number): Promise<void> {
  const found = await pciBus.vfCount(address);
  const uses = found.now === count ? [] : await vfUses(pciBus, address);
  if (uses.length > 0) {
    throw new Error(`it has ${found.now} VFs, had ${count}; this host uses ${uses.join('; ')}`);
  }
  await pciBus.setVfCount(address, count);
  const { now } = await pciBus.vfCount(address);
  if (now !== count) throw new Error(`restore failed: expected ${count} VFs, found ${now}`);
}

/**
 * The hypervisor returns a managed device to its driver; one without a driver is bound again here.
 */
async function restoreDriver(
  pciBus: PciBus,
  { address, baseline: { driver }, driverWaitMs }: RestoreRequest,
): Promise<void> {
  const limit = Date.now() + driverWaitMs;
  for (;;) {
    const now = await pciBus.driverOf(address);
    if (now === driver || (driver === null && now?.includes('vfio') !== true)) return;
    if (Date.now() >= limit) break;
    await delay(pollMs);
  }
  await pciBus.bindDriver(address, driver);
}

async function restoreVf(
  pciBus: PciBus,
  request: RestoreRequest,
  baseline: VfBaseline,
): Promise<void> {
  const { address, guestMacAddress, keepsDriver } = request;
  const change = changeToBaseline(baseline, await pciBus.vfState(address));
  const { ownMacAddress } = baseline;
  const made = await setVfClearingMac(pciBus, address, change, ownMacAddress);
  const settings = { ...baseline.settings, ...made };
  const target = { ...baseline, settings };
  if (ownMacAddress !== null && !keepsDriver) await interfaceExists(pciBus, request);
  await restoreInterface(pciBus, address, target, guestMacAddress);
  const differences = baselineDifferences(target, await pciBus.vfState(address), guestMacAddress);
  if (differences.length > 0) throw new Error(`restore failed: ${differences.join('; ')}`);
}

/** Some drivers create the interface seconds after they are bound. */
async function interfaceExists(
  pciBus: PciBus,
  { address, baseline: { driver }, driverWaitMs }: RestoreRequest,
): Promise<void> {
  const limit = Date.now() + driverWaitMs;
  while ((await pciBus.ifnameOf(address)) === null) {
    if (Date.now() >= limit) {
      const message = `driver ${driver ?? 'none'} has made no network interface within ${driverWaitMs / 1_000} s, it had one before`;
      throw new Error(message);
    }
    await delay(pollMs);
  }
}

/**
 * Its PF has lost the VF's own MAC together with the guest's: the VF must set it again, which a
 * driver does only for a new one.
 */
async function restoreInterface(
  pciBus: PciBus,
  address: PciAddress,
  { settings, ownMacAddress, isUp }: VfBaseline,
  guestMacAddress: string | null,
): Promise<void> {
  const { own, settings: now } = await pciBus.vfState(address);
  if (own === null) return;
  // The detour below may have been interrupted.
  const isStrange = own.macAddress === guestMacAddress || own.macAddress === detour(ownMacAddress);
  const mac = isStrange ? ownMacAddress : own.macAddress;
  if (settings.macAddress === noMac && mac !== null && now.macAddress !== mac) {
    const other = detour(mac);
    if (own.macAddress === mac && other !== null) {
      await pciBus.setInterface(address, { macAddress: other });
    }
    await pciBus.setInterface(address, { macAddress: mac });
  }
  if (settings.macAddress !== noMac && isStrange && mac !== null) {
    // Where its PF does not allow it, the interface gets the MAC when its driver is next bound.
    await pciBus.setInterface(address, { macAddress: mac }).catch(() => undefined);
  }
  if (own.isUp !== isUp) await pciBus.setInterface(address, { up: isUp });
}

/**
 * Another MAC of the same kind that no neighbour has: cards number the MACs of their VFs at the
 * end. Example: `22:f0:6f:2f:d9:7e` → `26:f0:6f:2f:d9:7e`. null for null.
 */
function detour(mac: string | null): string | null {
  if (mac === null) return null;
  const first = Number.parseInt(mac.slice(0, 2), 16) ^ 4;
  return first.toString(16).padStart(2, '0') + mac.slice(2);
}

/**
 * Brings what is known of a host's devices in line with what the host reports now. A held device is
 * never dropped.
 */
import type { PciAddress } from '../devices/address.ts';
import { changedRows, isHeld, settle } from './claim.ts';
import { isSame } from '../../is-same.ts';
import type { PciDevice, ReportedDevice } from '../devices/device.ts';
import { isOtherDevice } from '../devices/device-identity.ts';

/**
 * Rows to write and addresses whose rows are deleted. New devices start available (or hidden, when
 * their PF or a VF of them is held); facts and tags follow the report, but a held device keeps its
 * tags, and its facts too where another device is at its address: it is `missing` then. A held
 * device that is absent becomes `missing`, and `allocated` when it is back; an absent one that no
 * server holds is deleted, except the VFs of a held PF: they are absent while a guest has the PF,
 * and return with it. Source: Nova `PciDevTracker._set_hvdevs`; `missing` is Novella's.
 */
export function reconcileInventory(
  known: readonly PciDevice[],
  reported: readonly ReportedDevice[],
): { changed: PciDevice[]; removed: PciAddress[] } {
  const knownByAddress = new Map(known.map((device) => [device.address, device]));
  const present = new Map(
    reported.map((report) => [
      report.function.address,
      refresh(knownByAddress.get(report.function.address), report),
    ]),
  );
  const absent = known.filter((device) => !present.has(device.address));
  const missing = absent
    .filter(isHeld)
    .map(({ found: _found, ...device }) => ({ ...device, status: 'missing' as const }));
  const held = new Set(known.filter(isHeld).map(({ address }) => address));
  const withPf = absent.filter(
    (device) => !isHeld(device) && device.parentAddress !== null && held.has(device.parentAddress),
  );
  const kept = [...missing, ...withPf];
  const keptAddresses = new Set(kept.map(({ address }) => address));
  return {
    changed: changedRows(known, settle([...present.values(), ...kept])),
    removed: absent.map(({ address }) => address).filter((address) => !keptAddresses.has(address)),
  };
}

function refresh(known: PciDevice | undefined, report: ReportedDevice): PciDevice {
  const { function: fn, tags } = report;
  if (known === undefined || !isHeld(known)) {
    return { ...fn, tags, status: 'available', serverId: null, requestId: null };
  }
  if (isOtherDevice(known, fn)) return { ...known, status: 'missing', found: report };
  const { status, serverId, requestId } = known;
  // A VF in a guest has no host interface; it returns when the guest releases the VF.
  const interfaces = fn.ifname === null ? interfacesOf(known) : {};
  return {
    ...fn,
    ...interfaces,
    // What distinguishes it from another device is kept while its PF has no interface.
    macAddress: fn.macAddress ?? known.macAddress,
    capabilities: { ...known.capabilities, ...fn.capabilities },
    tags: known.tags,
    status: status === 'missing' ? 'allocated' : status,
    serverId,
    requestId,
    ...(!isSame(known.tags, tags) && { found: report }),
  };
}

function interfacesOf({ ifname, otherIfnames }: PciDevice): Partial<PciDevice> {
  return { ifname, ...(otherIfnames !== undefined && { otherIfnames }) };
}

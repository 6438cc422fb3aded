/** Steps for a guest that is on its host already: power, pause, NICs attached and detached. */
import { type Guest, type GuestNic, isPciNic, type PciGuestNic } from '../description/guest.ts';
import { heldDevices } from '../description/held-device.ts';
import { handBackSteps, handOverSteps, vfChangeOf } from './hand-over-steps.ts';
import { type FoundGuest, isLive, planSpawn } from './plan.ts';
import type { Step } from './step.ts';

/**
 * Cuts the power, if it is on, and starts the guest with its current definition and config drive;
 * `staysOff`: only defines it. Its disk stays unless it is to be `fresh`, and must be here where it
 * `keepsFiles`: else the guest is left alone. Its previous definition may differ. Source: Nova
 * `_hard_reboot`.
 */
export function planRespawn(
  guest: Guest,
  found: FoundGuest | undefined,
  {
    staysOff = false,
    fresh = false,
    keepsFiles = false,
  }: { staysOff?: boolean; fresh?: boolean; keepsFiles?: boolean } = {},
): Step[] {
  const guestId = guest.id;
  const kept = new Set(heldDevices(guest).map(({ address }) => address));
  const lost = (found?.devices ?? []).filter(({ address }) => !kept.has(address));
  const off: Step[] = [
    // Before the power is cut: what the guest still has open is not lost then.
    ...(keepsFiles ? [{ do: 'find-files', guest } as const] : []),
    ...(found !== undefined && isLive(found) ? [{ do: 'destroy', guestId } as const] : []),
    // As when its server is resized on its host.
    ...lost.map((device): Step => ({ do: 'restore-device', device, guestId })),
  ];
  if (!staysOff) return [...off, ...planSpawn(guest, undefined, { fresh })];
  return [...off, { do: 'prepare-files', guest, fresh }, { do: 'define', guest }];
}

/**
 * `guest`: in rescue. All that may fail for its image comes before the guest is shut down; its
 * devices are the same.
 */
export function planRescue(guest: Guest, found: FoundGuest | undefined): Step[] {
  return [
    { do: 'prepare-rescue', guest },
    ...planStop(guest.id, found),
    ...planSpawn(guest, undefined).filter((step) => step.do !== 'prepare-files'),
  ];
}

/**
 * The guest is paused while its disk is copied, so that the copy is what a power cut would leave;
 * it runs again during the upload. `runs`: it is to run afterwards, also when an interrupted try
 * left it paused.
 */
export function planSnapshot(
  { guestId, imageId, runs = false }: { guestId: string; imageId: string; runs?: boolean },
  found: FoundGuest | undefined,
): Step[] {
  const pauses = runs && found !== undefined && isLive(found);
  return [
    ...(pauses ? [{ do: 'pause', guestId } as const] : []),
    { do: 'copy-disk', guestId, imageId },
    ...(pauses ? [{ do: 'unpause', guestId } as const] : []),
    { do: 'upload-copy', guestId, imageId },
  ];
}

/** None when it is off already. */
export function planStop(guestId: string, found: FoundGuest | undefined): Step[] {
  return found !== undefined && isLive(found) ? [{ do: 'shut-down', guestId }] : [];
}

/**
 * A guest's memory cannot be saved while it has a device of the host: such NICs are taken off
 * first, and kept in its definition.
 */
export function planSuspend(guest: Guest, found: FoundGuest | undefined): Step[] {
  if (found === undefined || !isLive(found)) return [];
  return [
    ...ownedNics(guest).map(
      (nic): Step => ({ do: 'detach-nic', guestId: guest.id, nic, keep: true }),
    ),
    { do: 'save', guestId: guest.id },
  ];
}

/**
 * The NICs are reattached once the guest runs; those that an earlier try has reattached are
 * skipped.
 */
export function planResume(guest: Guest, found: FoundGuest | undefined): Step[] {
  const attach = (nic: GuestNic): Step => ({ do: 'attach-nic', guestId: guest.id, nic });
  if (found?.state === 'saved') {
    return [
      { do: 'check-devices', guest },
      ...guest.nics.flatMap((nic) => handOverSteps(guest.id, nic)),
      { do: 'restore', guestId: guest.id },
      ...ownedNics(guest).map(attach),
    ];
  }
  if (found === undefined || !isLive(found)) return [];
  const held = new Set(found.devices.map(({ address }) => address));
  return ownedNics(guest)
    .filter(({ address }) => !held.has(address))
    .map(attach);
}

/**
 * `guest`: as it is to be, with the NIC. Its device must be free before anything is changed. One
 * that the guest has already is left alone.
 */
export function planAttach(guest: Guest, nic: GuestNic, found?: FoundGuest): Step[] {
  if (found !== undefined && holdsLive(found, nic)) {
    return [{ do: 'attach-nic', guestId: guest.id, nic }];
  }
  const alone = { ...guest, nics: [nic], hostDevices: [] };
  return [
    { do: 'check-devices', guest: alone },
    ...handOverSteps(guest.id, nic),
    { do: 'attach-nic', guestId: guest.id, nic },
  ];
}

/** The device is restored only after the guest has released it. */
export function planDetach(guestId: string, nic: GuestNic, found: FoundGuest | undefined): Step[] {
  if (found === undefined) return [];
  return [{ do: 'detach-nic', guestId, nic }, ...handBackSteps(guestId, nic)];
}

/**
 * The VF's settings, as a NIC agent would make them while the guest runs; a guest that is off gets
 * them at its next start. The link state comes last and alone: some drivers have none.
 */
export function planChangeNic(nic: GuestNic, found: FoundGuest | undefined): Step[] {
  if (found === undefined || !isLive(found) || !isPciNic(nic)) return [];
  const { address } = nic;
  const { linkState, ...others } = vfChangeOf(nic);
  const changes = [others, linkState === undefined ? {} : { linkState }];
  return changes
    .filter((change) => Object.keys(change).length > 0)
    .map((change) => ({ do: 'set-vf', address, change }));
}

/** NICs that are a device of the host inside the guest; a macvtap is the host's own. */
function ownedNics(guest: Guest): PciGuestNic[] {
  return guest.nics.filter(isPciNic).filter(({ kind }) => kind !== 'macvtap');
}

/** Does the guest run with the device of this NIC? */
function holdsLive(found: FoundGuest, nic: GuestNic): boolean {
  if (!isLive(found) || !isPciNic(nic)) return false;
  return found.devices.some(({ address }) => address === nic.address);
}

/** Steps by which a guest leaves its host, and arrives on another, with its disk. */
import { type Guest, type GuestNic, isPciNic } from '../description/guest.ts';
import { nicWay } from '../moves/live-ways.ts';
import type { NetworkMtus } from '../moves/link-problems.ts';
import { handOverSteps, recordHostDevice } from './hand-over-steps.ts';
import { type FoundGuest, isLive } from './plan.ts';
import type { Step } from './step.ts';

/**
 * The guest ends here, its devices are as if they had never been used, and its files stay.
 * `arrival`: it is not shut down, because it continues on the other host, which expects it by this
 * text; devices of this host that it has inside are unplugged first. None when it has left already.
 */
export function planMoveOut(
  guest: Guest,
  found: FoundGuest | undefined,
  { to, arrival }: { to: string; arrival?: string | undefined },
): Step[] {
  if (found === undefined) return [];
  const guestId = guest.id;
  return [
    ...(arrival === undefined
      ? isLive(found)
        ? [{ do: 'shut-down', guestId } as const]
        : []
      : [
          { do: 'connect-hosts', guest, to, arrival } as const,
          ...guest.nics
            .filter(isReplugged)
            .map((nic): Step => ({ do: 'detach-nic', guestId, nic, keep: true, isLeaving: true })),
          { do: 'send-guest', guest, to, arrival } as const,
        ]),
    ...found.devices.map((device): Step => ({ do: 'restore-device', device, guestId })),
    { do: 'release-bridge', guestId },
    { do: 'remove-tap', guestId },
    { do: 'undefine', guestId },
  ];
}

/**
 * Is the NIC unplugged before its guest moves live, and plugged again afterwards? The guest has the
 * device itself inside; a macvtap's is replaced underneath, and one with a standby is unplugged by
 * QEMU, which plugs it in again also after a failure.
 */
export function isReplugged(nic: GuestNic): boolean {
  return nicWay(nic) === 'unplug';
}

/** Ends a start: nothing when the guest is paused already, as after a command that is repeated. */
export function planPaused(guestId: string, found: FoundGuest | undefined): Step[] {
  return found?.state === 'paused' ? [] : [{ do: 'pause', guestId }];
}

/**
 * From which host a guest comes, what that offers, and the MTUs of its networks by port.
 * `keepsFiles`: both hosts share them: none is fetched.
 */
interface Coming {
  from: string;
  files: string;
  mtus?: NetworkMtus;
  keepsFiles?: boolean;
}

/**
 * The guest can come from the other host, where it still runs: the checks have passed, and what
 * does not change of its files is here. None when it has arrived already.
 */
export function planPrefetch(
  guest: Guest,
  found: FoundGuest | undefined,
  { from, files: offer, mtus = {}, keepsFiles = false }: Coming,
): Step[] {
  if (found !== undefined) return [];
  return [
    { do: 'check-arrival', guest, from, offer, isLive: false, keepsFiles, mtus },
    ...(keepsFiles ? [] : [{ do: 'prefetch-files', guest, from, offer } as const]),
  ];
}

/**
 * The guest can come running from the other host: its files are here, it is defined, and what its
 * NICs are on top of is ready. Devices that it is given when it has arrived are recorded now, so
 * that it waits less for them. None when it has arrived already.
 */
export function planExpect(
  guest: Guest,
  found: FoundGuest | undefined,
  { from, files: offer, mtus = {}, keepsFiles = false }: Coming,
): Step[] {
  if (found !== undefined && isLive(found)) return [];
  return [
    { do: 'check-arrival', guest, from, offer, isLive: true, keepsFiles, mtus },
    ...(keepsFiles ? [] : [{ do: 'fetch-files', guest, from, offer, isLive: true } as const]),
    { do: 'define', guest },
    ...guest.nics.flatMap((nic) => {
      const steps = handOverSteps(guest.id, nic);
      // What is set for the guest's MAC would keep its PF from sending to the guest.
      return isReplugged(nic) ? steps.filter((step) => step.do === 'record-device') : steps;
    }),
    ...guest.hostDevices.map((device) => recordHostDevice(guest.id, device)),
  ];
}

/**
 * The guest arrives, and is brought to this state. One that runs here already has come live, and is
 * given the NICs that it came without and the text of its console.
 */
export function planMoveIn(
  guest: Guest,
  found: FoundGuest | undefined,
  { from, files, state, keepsFiles = false }: Coming & { state: 'running' | 'paused' | 'shutOff' },
): Step[] {
  const guestId = guest.id;
  const paused = state === 'paused' ? planPaused(guestId, found) : [];
  const ended: Step = { do: 'end-transfer', guestId };
  if (found !== undefined && isLive(found)) {
    const text: Step[] = keepsFiles ? [] : [{ do: 'fetch-console', guest, from, offer: files }];
    return [...plugged(guest, found), ...paused, ...text, ended];
  }
  const arrival: Step[] = [
    keepsFiles
      ? { do: 'find-files', guest, offer: files }
      : { do: 'fetch-files', guest, from, offer: files, isLive: false },
    { do: 'prepare-files', guest, fresh: false },
    { do: 'define', guest },
  ];
  if (state === 'shutOff') return [...arrival, ended];
  return [
    { do: 'check-devices', guest },
    ...arrival,
    ...guest.nics.flatMap((nic) => handOverSteps(guestId, nic)),
    ...guest.hostDevices.map((device) => recordHostDevice(guestId, device)),
    { do: 'start', guestId },
    ...paused,
    ended,
  ];
}

/**
 * The NICs that were unplugged before it was sent, unless it has them again. Their devices were
 * checked and recorded before.
 */
export function plugged(guest: Guest, { devices }: FoundGuest): Step[] {
  const has = new Set(devices.map(({ address }) => address));
  return guest.nics
    .filter((nic) => isPciNic(nic) && isReplugged(nic) && !has.has(nic.address))
    .flatMap((nic): Step[] => [
      ...handOverSteps(guest.id, nic),
      { do: 'attach-nic', guestId: guest.id, nic },
    ]);
}

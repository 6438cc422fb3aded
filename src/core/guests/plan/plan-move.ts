/** Steps by which a guest leaves its host, and arrives on another, with its disk. */
import { type Guest, isPciNic } from '../description/guest.ts';
import { handOverSteps, recordHostDevice } from './hand-over-steps.ts';
import { type FoundGuest, isLive } from './plan.ts';
import type { Step } from './step.ts';

/**
 * The guest ends here, its devices are as if they had never been used, and its files stay.
 * `isLive`: it is not shut down, because it continues on the other host; devices of this host that
 * it has inside are unplugged first. None when it has left already.
 */
export function planMoveOut(
  guest: Guest,
  found: FoundGuest | undefined,
  { isLive: staysUp }: { isLive: boolean },
): Step[] {
  if (found === undefined) return [];
  const guestId = guest.id;
  const running = isLive(found);
  const unplugged = guest.nics.filter((nic) => isPciNic(nic) && nic.kind !== 'macvtap');
  return [
    ...(running && staysUp
      ? unplugged.map((nic): Step => ({ do: 'detach-nic', guestId, nic, keep: true }))
      : []),
    ...(running ? [{ do: staysUp ? 'destroy' : 'shut-down', guestId } as const] : []),
    ...found.devices.map((device): Step => ({ do: 'restore-device', device, guestId })),
    { do: 'release-bridge', guestId },
    { do: 'remove-tap', guestId },
    { do: 'undefine', guestId },
  ];
}

/** Ends a start: nothing when the guest is paused already, as after a command that is repeated. */
export function planPaused(guestId: string, found: FoundGuest | undefined): Step[] {
  return found?.state === 'paused' ? [] : [{ do: 'pause', guestId }];
}

/** The guest arrives, and is brought to this state. Nothing else when it runs here already. */
export function planMoveIn(
  guest: Guest,
  found: FoundGuest | undefined,
  { files, state }: { files: string; state: 'running' | 'paused' | 'shutOff' },
): Step[] {
  const guestId = guest.id;
  const paused = state === 'paused' ? planPaused(guestId, found) : [];
  if (found !== undefined && isLive(found)) return paused;
  const arrival: Step[] = [
    { do: 'receive-files', guest, files },
    { do: 'prepare-files', guest, fresh: false },
    { do: 'define', guest },
  ];
  if (state === 'shutOff') return arrival;
  return [
    { do: 'check-devices', guest },
    ...arrival,
    ...guest.nics.flatMap((nic) => handOverSteps(guestId, nic)),
    ...guest.hostDevices.map((device) => recordHostDevice(guestId, device)),
    { do: 'start', guestId },
    ...paused,
  ];
}

/** Checks of this host before a guest moves: whether it can leave, and whether it can come. */
import type { Guest } from '#core/guests/description/guest.ts';
import type { NetworkMtus } from '#core/guests/moves/link-problems.ts';
import { type FailedCheck, refuseFailed } from '#core/guests/moves/preflight.ts';
import { isLive } from '#core/guests/plan/plan.ts';
import { transferOf } from './transfer-of.ts';
import { deviceProblemsNow } from '../devices/check-devices.ts';
import type { HostParts } from '../host-parts.ts';
import { failedLinks } from './link-checks.ts';

/** A guest that runs on the host `from`, which offers its files by this text. */
export interface ComingGuest {
  guest: Guest;
  from: string;
  offer: string;
  /** It arrives running. */
  isLive: boolean;
  /** Its files are here already. */
  keepsFiles: boolean;
  mtus: NetworkMtus;
}

/** Throws `unavailable` with every check that this host fails. Changes nothing. */
export async function checkArrival(
  parts: HostParts,
  { guest, from: host, offer, isLive: comesLive, keepsFiles, mtus }: ComingGuest,
): Promise<void> {
  const devices = await deviceProblemsNow(parts, guest);
  const from = { host, offer, isLive: comesLive, keepsFiles };
  const missing = keepsFiles ? await parts.guestFiles.missing(guest) : [];
  refuseFailed(parts.host, [
    ...(await transferOf(parts).checkArrival(guest, from)),
    ...missing.map((path): FailedCheck => ({ check: 'files', why: `${path} is not there` })),
    ...devices.map((why): FailedCheck => ({ check: 'device', why })),
    ...(await failedLinks(parts, guest.nics, mtus)),
  ]);
}

/** Throws `unavailable` unless the guest runs, or may be off, and nothing else is done with it. */
export async function checkDeparture(
  parts: HostParts,
  { guest: { id, name }, mayBeOff }: { guest: Guest; mayBeOff: boolean },
): Promise<void> {
  const found = (await parts.hypervisor.listGuests()).find((guest) => guest.id === id);
  const failed: FailedCheck[] = [];
  if (found === undefined || !(mayBeOff || isLive(found))) {
    const state = found === undefined ? 'is not defined' : `is ${found.state}`;
    const must = mayBeOff ? 'must be defined' : 'must run';
    failed.push({ check: 'guest', why: `guest ${name} ${state}, and ${must}` });
  } else if (isLive(found) && (await transferOf(parts).progress(id)) !== null) {
    const why = `the hypervisor has another job for guest ${name}: wait for its end, or end it (virsh domjobabort ${name})`;
    failed.push({ check: 'job', why });
  }
  refuseFailed(parts.host, failed);
}

/**
 * The guest of a server, computed from its bound ports, its devices and its claim on the host now.
 */
import { ComputeError, invariant } from '#core/errors.ts';
import { buildGuest, type RescueImage } from '#core/guests/build-guest.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { replacement } from '#core/pci/devices/device-identity.ts';
import type { Host } from '#contracts/store/store.ts';
import { everything, type Hold } from '#core/ledger/host-ledger.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { hostOf } from '../engine/server-of.ts';

/**
 * `rescue`: the image that it starts from. Throws `unavailable` when one of its devices has been
 * replaced by another, `bug` when ports and claims do not match: nothing is sent to the host then.
 */
export async function guestOf(
  context: WorkflowContext,
  server: Server,
  rescue?: RescueImage,
): Promise<Guest> {
  const host = await hostOf(context, server);
  invariant(host, `server ${server.id} is on no host`);
  return guestOn(context, server, host, { rescue });
}

/**
 * The same for a server on this host, with what it holds there. `hold`: of one side, while it moves
 * within the host; absent: all.
 */
export async function guestOn(
  context: WorkflowContext,
  server: Server,
  host: Host,
  { hold = everything, rescue }: { hold?: Hold; rescue?: RescueImage | undefined } = {},
): Promise<Guest> {
  const { requestIds, hasShare } = hold;
  const held = (await context.fleet.devices(context.store.hosts, host)).heldBy(server.id);
  const devices = held.filter(
    ({ requestId }) => requestIds === 'all' || (requestId !== null && requestIds.has(requestId)),
  );
  const replaced = devices.flatMap((device) => replacement(device) ?? []);
  if (replaced.length > 0) throw new ComputeError('unavailable', replaced.join('; '));
  const numa = host.numa.claims
    .filter((claim) => claim.serverId === server.id && hasShare(claim))
    .map(({ node, vcpus, memoryMib, cpus }) => ({ node, vcpus, memoryMib, cpus }));
  const zone = host.availabilityZone;
  const guest = buildGuest({
    server,
    zone,
    devices,
    numa,
    ...(rescue !== undefined && { rescue }),
  });
  if (guest.ok) return guest.guest;
  throw new ComputeError('bug', 'the guest could not be planned', {
    detail: guest.reasons.map((reason) => reason.message).join('; '),
  });
}

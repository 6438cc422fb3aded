/** A host with libvirt checks whether a guest can come from another one. */
import { afterAll, beforeAll } from 'vitest';
import { describeArrivalChecks } from '#contracts/host/arrival-checks.contract.ts';
import type { MoveCheck } from '#core/guests/moves/preflight.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { type MovingHosts, movingHosts } from '#test/moves/moving-hosts.ts';

const guest = aGuest({ imageId: 'disk', memoryMib: 64, nics: [], hostDevices: [], kernel: null });
let hosts: MovingHosts;

beforeAll(async () => {
  hosts = await movingHosts(Buffer.alloc(1024 ** 2, 'an image\n'));
  const started = await hosts.one.execute({ do: 'spawn', guest });
  if (!started.ok) throw new Error(started.message);
});

afterAll(async () => {
  await hosts?.one.execute({ do: 'destroy', guestId: guest.id });
  await hosts?.stop();
});

/** A processor that no emulator has. */
const cpu = `<cpu mode='custom' match='exact' check='full'><model fallback='forbid'>SapphireRapids</model><feature policy='require' name='amx-tile'/></cpu>`;

/** The same offer, of a guest that runs with another machine or processor. */
function changed(offer: string, check: MoveCheck): string {
  const parsed = JSON.parse(offer) as { running: string };
  const running =
    check === 'machine'
      ? parsed.running.replace(/ machine='[^']+'/, " machine='pc-q35-99.0'")
      : parsed.running.replace(/<cpu [^<>]*\/>|<cpu [\s\S]*?<\/cpu>/, cpu);
  return JSON.stringify({ ...parsed, running });
}

describeArrivalChecks('libvirt', async () => {
  const { one, other } = hosts;
  const first = await one.transfer.offer(guest, other.name);
  let offer = first;
  return {
    transfer: other.transfer,
    guest,
    from: { host: one.name, offer, isLive: true },
    async spoil(check) {
      if (check === 'clock') other.conditions.clockAheadMs = 60_000;
      else if (check === 'disk') other.conditions.freeBytes = 1024;
      else offer = changed(offer, check);
      return offer;
    },
    async stop() {
      Object.assign(other.conditions, { clockAheadMs: 0, freeBytes: null });
      await one.transfer.end(guest.id);
    },
  };
}, ['clock', 'machine', 'cpu', 'disk']);

describeArrivalChecks('libvirt, of a host that cannot be reached any more', async () => {
  const { one, other } = hosts;
  const offer = await one.transfer.offer(guest, other.name);
  return {
    transfer: other.transfer,
    guest,
    from: { host: one.name, offer, isLive: true },
    async spoil(check) {
      if (check === 'connection') await one.transfer.end(guest.id);
      return check === 'connection' ? offer : changed(offer, check);
    },
    stop: () => one.transfer.end(guest.id),
  };
}, ['connection']);

/** The NICs of guests that come running from other hosts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandResult, HostCommandBody } from '#contracts/host/host-link.ts';
import { aGuest, aHostdevNic, aMacvtapNic, vf0, vf1 } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ArrivingGuests } from './arriving-guests.ts';
import { executeCommand } from './execute-command.ts';
import { GuestQueue } from './guest-queue.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-arriving-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const direct = aHostdevNic(vf0);
const guest = aGuest({ nics: [direct, { ...aMacvtapNic(vf1), portId: 'macvtap' }] });
const expecting = { do: 'expect', guest, from: 'host-2', files: '{}' } as const;
const ended: CommandResult = { ok: true, steps: [] };

/** A guest that is paused here without its VF, as one whose memory is on its way. */
async function begin() {
  const { hypervisor, parts } = anIgbHost(folder);
  await executeCommand(parts, { do: 'spawn', guest });
  await hypervisor.pause(guest.id);
  await executeCommand(parts, { do: 'detach', guestId: guest.id, nic: direct });
  const turns = new GuestQueue();
  const attached = vi.spyOn(hypervisor, 'attachNic');
  const arriving = new ArrivingGuests({ parts, turns });
  const end = (body: HostCommandBody, result = ended) =>
    arriving.ended({ serverId: guest.id, body }, result);
  const devices = async () => {
    await turns.ended();
    const [found] = await hypervisor.listGuests();
    return found?.devices.map(({ address }) => address).toSorted();
  };
  return { hypervisor, arriving, end, devices, attached };
}

test('a guest that runs here has its VF again at once, and once', async () => {
  const { hypervisor, end, devices, attached } = await begin();
  end(expecting);
  expect(await devices()).toEqual([vf1]);
  await hypervisor.unpause(guest.id);
  expect(await devices()).toEqual([vf0, vf1]);
  await hypervisor.pause(guest.id);
  await hypervisor.unpause(guest.id);
  await devices();
  expect(attached).toHaveBeenCalledTimes(1);
});

test('a start that is reported while its memory comes is not its arrival', async () => {
  const { hypervisor, end, devices } = await begin();
  end(expecting);
  const list = vi.spyOn(hypervisor, 'listGuests');
  const [found] = await hypervisor.listGuests();
  list.mockResolvedValueOnce([{ ...found!, state: 'paused' }]);
  await hypervisor.unpause(guest.id);
  await devices();
  list.mockRestore();
  expect(await devices()).toEqual([vf1]);
  await hypervisor.pause(guest.id);
  await hypervisor.unpause(guest.id);
  expect(await devices()).toEqual([vf0, vf1]);
});

const refused: CommandResult = { ok: false, message: 'no', detail: '', steps: [] };

test.each<[string, HostCommandBody, CommandResult]>([
  ['was not expected', expecting, refused],
  ['was commanded otherwise since', { do: 'destroy', guestId: guest.id }, ended],
])('one that %s keeps the NICs that it has', async (_why, body, result) => {
  const { hypervisor, end, devices } = await begin();
  end(expecting);
  end(body, result);
  await hypervisor.unpause(guest.id);
  expect(await devices()).toEqual([vf1]);
});

test('a VF that cannot be plugged in is left to the command that ends the move', async () => {
  const { hypervisor, end, devices, attached } = await begin();
  end(expecting);
  attached.mockRejectedValueOnce(new Error('busy'));
  await hypervisor.unpause(guest.id);
  expect(await devices()).toEqual([vf1]);
});

test('nothing is done after the end of the agent', async () => {
  const { hypervisor, arriving, end, devices } = await begin();
  end(expecting);
  arriving.stop();
  await hypervisor.unpause(guest.id);
  expect(await devices()).toEqual([vf1]);
});

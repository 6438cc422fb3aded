import { type Duplex, duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import type { ConsoleAnswer, ConsoleRequest } from '#contracts/host/host-link.ts';
import { ComputeError } from '#core/errors.ts';
import { ended } from '#test/consoles/console-client.ts';
import { readUntil } from '#test/consoles/read-stream.ts';
import { silentLog } from '#test/silent-log.ts';
import { ConsoleRequests, type ConsoleRequestsOptions } from './console-requests.ts';

/** An agent whose only guest is `g`; the ends of what it connects, by guest and by request. */
function anAgent(change: Partial<ConsoleRequestsOptions> = {}) {
  const answers: ConsoleAnswer[] = [];
  const guests: Duplex[] = [];
  const dialled = new Map<string, Duplex>();
  const known = (guestId: string): void => {
    if (guestId !== 'g') throw new ComputeError('notFound', `guest ${guestId}: not defined`);
  };
  const requests = new ConsoleRequests({
    host: 'hv1',
    log: silentLog,
    answer: (answer) => answers.push(answer),
    consoles: {
      async find(guestId, kind) {
        known(guestId);
        return kind === 'vnc' ? { port: 5900 } : null;
      },
      async open(guestId) {
        known(guestId);
        const [mine, theirs] = duplexPair();
        guests.push(mine);
        return theirs;
      },
    },
    dialConsole: async (id) => {
      const [mine, theirs] = duplexPair();
      dialled.set(id, mine);
      return theirs;
    },
    ...change,
  });
  const ask = (id: string, change: Partial<ConsoleRequest> = {}): Promise<void> =>
    requests.take({ id, act: 'open', guestId: 'g', kind: 'vnc', ...change });
  return { requests, answers, guests, dialled, ask };
}

test('a console is found, or there is none, or the guest is not here', async () => {
  const { answers, ask } = anAgent();
  await ask('1', { act: 'find' });
  await ask('2', { act: 'find', kind: 'serial' });
  await ask('3', { act: 'find', guestId: 'other' });
  await ask('4', { guestId: 'other' });
  const problem = 'guest other: not defined';
  expect(answers).toEqual([
    { id: '1', place: { port: 5900 } },
    { id: '2', place: null },
    { id: '3', problem, isConflict: true },
    { id: '4', problem, isConflict: true },
  ]);
});

test('an opened console connects the guest with the controller, until the agent stops', async () => {
  const { requests, guests, dialled, ask } = anAgent();
  await ask('1');
  const [guest, controller] = [guests[0]!, dialled.get('1')!];
  guest.write('from the guest');
  await readUntil(controller, 'from the guest');
  controller.write('to the guest');
  await readUntil(guest, 'to the guest');
  const over = Promise.all([ended(guest), ended(controller)]);
  requests.close();
  await over;
});

test('a newer connection to a serial port closes the older; displays have many', async () => {
  const { guests, ask } = anAgent();
  await ask('1', { kind: 'serial' });
  await ask('2');
  const over = ended(guests[0]!);
  await ask('3', { kind: 'serial' });
  await over;
  expect(guests.map((guest) => guest.readableEnded)).toEqual([true, false, false]);
});

test('a guest’s console is closed where the controller does not take it', async () => {
  const { answers, guests, ask } = anAgent({
    dialConsole: async () => {
      throw new ComputeError('unavailable', 'the controller does not answer');
    },
  });
  await ask('1');
  await ended(guests[0]!);
  const problem = 'the controller does not answer';
  expect(answers).toEqual([{ id: '1', problem, isConflict: false }]);
});

test('no more than 128 are open at once', async () => {
  const { answers, guests, ask } = anAgent();
  for (let count = 0; count < 128; count += 1) await ask(`${count}`);
  await ask('one more');
  expect(answers).toMatchObject([{ id: 'one more', isConflict: false }]);
  guests[0]!.destroy();
  await expect.poll(() => ask('again').then(() => guests.length)).toBe(129);
});

import { duplexPair } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import type { ConsoleRequest } from '#contracts/host/host-link.ts';
import { HostConsoles } from './host-consoles.ts';

afterEach(() => {
  vi.useRealTimers();
});

const guest = { hostId: 'h1', guestId: 'g', projectId: 'p', kind: 'vnc' } as const;

function linked() {
  let last = 0;
  const consoles = new HostConsoles(() => `r${++last}`);
  const sent: ConsoleRequest[] = [];
  const unlink = consoles.linked('h1', { name: 'hv1', send: (request) => sent.push(request) });
  return { consoles, sent, unlink };
}

test('a request is answered by its host: a place, none, or why not', async () => {
  const { consoles, sent } = linked();
  const found = consoles.find(guest);
  expect(sent).toEqual([{ id: 'r1', act: 'find', guestId: 'g', kind: 'vnc' }]);
  consoles.answer('hv2', { id: 'r1', place: { port: 22 } });
  consoles.answer('hv1', { id: 'r1', place: { port: 5900 } });
  expect(await found).toEqual({ port: 5900 });
  const none = consoles.find(guest);
  consoles.answer('hv1', { id: 'r2', place: null });
  expect(await none).toBeNull();
  for (const [isConflict, kind] of [
    [true, 'conflict'],
    [false, 'unavailable'],
  ] as const) {
    const id = isConflict ? 'r3' : 'r4';
    const failed = consoles.open(guest);
    consoles.answer('hv1', { id, problem: 'why', isConflict });
    await expect(failed).rejects.toMatchObject({ kind, message: 'why' });
  }
});

test('a connection counts only for a request that waits for it, from the host that got it', async () => {
  const { consoles, unlink } = linked();
  const opening = consoles.open(guest);
  const [wrong, right, late] = [duplexPair(), duplexPair(), duplexPair()];
  expect([consoles.expects('hv2', 'r1'), consoles.expects('hv1', 'r1')]).toEqual([false, true]);
  consoles.take('hv2', 'r1', wrong[0]);
  consoles.take('hv1', 'r1', right[0]);
  expect(await opening).toBe(right[0]);
  consoles.take('hv1', 'r1', late[0]);
  expect([wrong[0].destroyed, late[0].destroyed, right[0].destroyed]).toEqual([true, true, false]);
  expect(consoles.expects('hv1', 'r1')).toBe(false);
  unlink();
  expect(right[0].destroyed).toBe(true);
});

test('a request to find a console takes no connection', () => {
  const { consoles } = linked();
  void consoles.find(guest).catch(() => undefined);
  expect(consoles.expects('hv1', 'r1')).toBe(false);
});

test('a host that is not linked, or does not answer, is unavailable', async () => {
  vi.useFakeTimers();
  const { consoles, unlink } = linked();
  const silent = consoles.find(guest).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await silent).toMatchObject({
    kind: 'unavailable',
    message: 'the host of guest g has not answered within 10 s',
  });
  unlink();
  await expect(consoles.find(guest)).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a request whose link closes fails at once, and a late connection for it is closed', async () => {
  const { consoles, unlink } = linked();
  const pending = Promise.allSettled([consoles.open(guest), consoles.find(guest)]);
  unlink();
  expect(consoles.expects('hv1', 'r1')).toBe(false);
  const [late] = duplexPair();
  consoles.take('hv1', 'r1', late);
  expect(late.destroyed).toBe(true);
  const reason = { kind: 'unavailable', message: expect.stringContaining('link') };
  expect(await pending).toMatchObject([{ reason }, { reason }]);
});

test('a closed link leaves the requests and consoles of other links', async () => {
  const { consoles, unlink } = linked();
  consoles.linked('h2', { name: 'hv2', send: () => undefined });
  const opening = consoles.open({ ...guest, hostId: 'h2' });
  unlink();
  const [stream] = duplexPair();
  consoles.take('hv2', 'r1', stream);
  expect(await opening).toBe(stream);
  expect(stream.destroyed).toBe(false);
});

test('at a hung host so many requests of a project wait, and so many in all; other hosts still answer', async () => {
  const { consoles } = linked();
  consoles.linked('h2', {
    name: 'hv2',
    send: ({ id }) => consoles.answer('hv2', { id, place: null }),
  });
  const hang = (projectId: string, count: number): void => {
    for (let at = 0; at < count; at += 1) {
      void consoles.find({ ...guest, projectId }).catch(() => undefined);
    }
  };
  hang('p', 32);
  await expect(consoles.find(guest)).rejects.toThrow(
    '32 consoles of project p are being opened; retry',
  );
  hang('q', 32);
  const other = { ...guest, projectId: 'other' };
  await expect(consoles.open(other)).rejects.toMatchObject({
    kind: 'unavailable',
    message: '64 consoles of the guest’s host are being opened; retry',
  });
  expect(await consoles.find({ ...other, hostId: 'h2' })).toBeNull();
  consoles.answer('hv1', { id: 'r1', place: null });
  await new Promise(setImmediate);
  const found = consoles.find(guest);
  consoles.answer('hv1', { id: 'r66', place: { port: 5900 } });
  expect(await found).toEqual({ port: 5900 });
});

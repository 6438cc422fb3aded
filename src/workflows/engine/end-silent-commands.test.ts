/**
 * What happens to commands to a host that stopped reporting: withdrawn, waited for, ended, and
 * never lost.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostCommandBody } from '#contracts/host/host-link.ts';
import type { Store } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { recordedLog, type RecordedLog } from '#test/recorded-log.ts';
import { aBoot, aHost, toStep } from '#test/worlds/store-rows.ts';
import type { WorkflowContext } from './context.ts';
import { endSilentCommands, hostSilentMessage, watchSilentHosts } from './end-silent-commands.ts';
import { HostLinks } from '../hosts/host-links.ts';

const settings = { hostTimeoutMs: 60_000, hostLostMs: 600_000 };
let store: Store;
let steady: number;
let links: HostLinks;
let notified: string[];
let log: RecordedLog;
let context: WorkflowContext;
let hostId: string;

beforeEach(async () => {
  const clock = { now: () => 1_000_000 };
  steady = 0;
  notified = [];
  log = recordedLog();
  ({ store } = await migratedStore(':memory:', { clock }));
  links = new HostLinks({ clock, monotonic: { now: () => steady }, ...settings });
  const wakeup = { notify: (topic: string) => notified.push(topic) };
  context = { store, clock, links, wakeup, settings, log } as unknown as WorkflowContext;
  hostId = await aHost(store, []);
});
afterEach(() => {
  vi.useRealTimers();
  return store.close();
});

/** Writes a command for the host and returns the id of its server. */
async function give(what: 'stop' | 'destroy' = 'stop'): Promise<string> {
  const task = await aBoot(store);
  const { serverId } = task;
  const body = { do: what, guestId: serverId } as HostCommandBody;
  await store.commit(toStep(task, 'bind-ports', { command: { hostId, serverId, body } }));
  return serverId;
}
const resultOf = async (serverId: string) =>
  (await store.commands.last(serverId, 'stop'))?.result ?? null;
const waiting = async () => (await store.commands.pending(hostId)).map(({ serverId }) => serverId);

test('an unsent command is withdrawn once the host is down, and not before', async () => {
  const serverId = await give();
  steady = settings.hostTimeoutMs;
  await endSilentCommands(context);
  expect(await resultOf(serverId)).toBeNull();
  steady += 1;
  await endSilentCommands(context);
  expect(await resultOf(serverId)).toMatchObject({
    ok: false,
    undone: true,
    message: hostSilentMessage,
    detail: 'host-1 stopped reporting 60 s ago and was not sent the command',
  });
  expect(links.maySend(hostId, 1)).toBe(false);
  expect(notified).toEqual([`commands:${hostId}`, 'tasks']);
});

test('a command that may have been sent is waited for until the host is lost, and does not count as undone', async () => {
  const serverId = await give();
  links.markSent(hostId, 1);
  steady = settings.hostLostMs;
  await endSilentCommands(context);
  expect(await resultOf(serverId)).toBeNull();
  steady += 1;
  await endSilentCommands(context);
  const result = await resultOf(serverId);
  expect(result).toMatchObject({ ok: false, message: hostSilentMessage });
  expect(result).not.toHaveProperty('undone');
});

test('a command that removes a guest waits for the host however long it is away', async () => {
  const serverId = await give('destroy');
  steady = 10 * settings.hostLostMs;
  await endSilentCommands(context);
  expect(await waiting()).toEqual([serverId]);
  expect(links.maySend(hostId, 1)).toBe(true);
});

test('a command of a linked host is left alone', async () => {
  const serverId = await give();
  links.opened(hostId);
  steady = 10 * settings.hostLostMs;
  await endSilentCommands(context);
  expect(await waiting()).toEqual([serverId]);
  expect(links.maySend(hostId, 1)).toBe(true);
});

test('an end that cannot be recorded withdraws nothing: a host that returns is sent the command', async () => {
  const serverId = await give();
  const full = new ComputeError('unavailable', 'the disk of the state directory is full');
  vi.spyOn(store.commands, 'complete').mockRejectedValueOnce(full);
  steady = settings.hostTimeoutMs + 1;
  await expect(endSilentCommands(context)).rejects.toThrow('full');
  links.opened(hostId);
  await endSilentCommands(context);
  expect(await waiting()).toEqual([serverId]);
  expect(links.maySend(hostId, 1)).toBe(true);
  expect(notified).toEqual([`commands:${hostId}`]);
});

test.each([
  { name: 'an unsent command', wasSent: false, ending: 'and was not sent the command' },
  {
    name: 'a command that may have been sent',
    wasSent: true,
    ending: 'and may have executed the command',
  },
])('the user reads no host name, the detail and the log do: $name', async ({ wasSent, ending }) => {
  const serverId = await give();
  if (wasSent) links.markSent(hostId, 1);
  steady = settings.hostLostMs + 1;
  await endSilentCommands(context);
  const detail = `host-1 stopped reporting 600 s ago ${ending}`;
  expect(await resultOf(serverId)).toEqual({
    ok: false,
    message: 'The host of the server stopped reporting.',
    detail,
    ...(!wasSent && { undone: true }),
    steps: [],
  });
  expect(log.entries).toEqual([`warn ${detail}`]);
});

test('a host that was forced down is lost at once, and the detail names that', async () => {
  const serverId = await give();
  links.markSent(hostId, 1);
  const { generation } = (await store.hosts.get(hostId))!;
  await store.hosts.update({ hostId, generation, forcedDown: true });
  await endSilentCommands(context);
  expect(await resultOf(serverId)).toMatchObject({
    detail: 'host-1 was forced down and may have executed the command',
  });
});

test('a query is left to whoever made it', async () => {
  const task = await aBoot(store);
  const body = { do: 'console', guestId: task.serverId, lines: null } as const;
  await store.commands.ask({ hostId, serverId: task.serverId, body });
  steady = 10 * settings.hostLostMs;
  await endSilentCommands(context);
  expect(await waiting()).toEqual([task.serverId]);
  expect(links.maySend(hostId, 1)).toBe(true);
});

test('a host that is removed in between is passed over', async () => {
  const serverId = await give();
  vi.spyOn(store.hosts, 'get').mockResolvedValueOnce(undefined);
  steady = settings.hostLostMs + 1;
  await endSilentCommands(context);
  expect(await waiting()).toEqual([serverId]);
});

test('every five seconds the hosts are checked; a check that fails is logged, and repeated', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const pending = vi.spyOn(store.commands, 'newestPending');
  pending.mockRejectedValueOnce(new Error('the database is locked'));
  const watch = watchSilentHosts(context);
  vi.advanceTimersByTime(4_999);
  expect(pending).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  await vi.waitUntil(() => log.entries.length > 0);
  expect(log.entries).toEqual(['error cannot check for silent hosts; will try again']);
  await new Promise(setImmediate);
  vi.advanceTimersByTime(5_000);
  expect(pending).toHaveBeenCalledTimes(2);
  await watch.stop();
});

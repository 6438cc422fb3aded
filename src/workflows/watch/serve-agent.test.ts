/**
 * The controller's end of the link: what is sent again, what is recorded, and which messages of a
 * closed link count.
 */
import { afterEach, expect, test, vi } from 'vitest';
import type { CommandResult, HostReport, ToAgent } from '#contracts/host/host-link.ts';
import type { Store } from '#contracts/store/store.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { recordedLog } from '#test/recorded-log.ts';
import { aBoot, facts, toStep } from '#test/worlds/store-rows.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { DirectTasks } from '../engine/direct-tasks.ts';
import { HostLinks } from '../hosts/host-links.ts';
import { serveAgent } from './serve-agent.ts';

const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

const report: HostReport = {
  facts,
  hostIp: '192.0.2.7',
  physicalNetworks: ['physnet1'],
  devices: [],
  guests: [],
};
const ok: CommandResult = { ok: true, steps: [] };

async function aController() {
  const { store } = await migratedStore(':memory:');
  stores.push(store);
  const log = recordedLog();
  const clock = { now: Date.now };
  let wake = () => {};
  const context = {
    store,
    log,
    clock,
    direct: new DirectTasks(),
    links: new HostLinks({ clock, monotonic: clock, hostTimeoutMs: 60_000 }),
    wakeup: {
      notify: () => {},
      listen: (_topic: string, listener: () => void) => {
        wake = listener;
        return () => {
          wake = () => {};
        };
      },
    },
  } as unknown as WorkflowContext;
  const join = () => {
    const { agentEnd, controllerEnd } = inProcessLink();
    const received: ToAgent[] = [];
    agentEnd.onMessage((message) => void received.push(message));
    serveAgent(context, controllerEnd);
    const commands = () => received.filter((message) => message.type === 'command');
    return { agentEnd, received, commands };
  };
  /** Writes a command for host-1, and wakes up the link. */
  const give = async (): Promise<void> => {
    const [host] = await store.hosts.list();
    const task = await aBoot(store);
    const command = {
      hostId: host?.id ?? '',
      serverId: task.serverId,
      body: { do: 'destroy' as const, guestId: task.serverId },
    };
    await store.commit(toStep(task, 'bind-ports', { command }));
    wake();
  };
  return { store, context, log, join, give, poll: () => wake() };
}

const hello = { type: 'hello', host: 'host-1', report } as const;

test('a long text of a host is stored cut', async () => {
  const { store, join } = await aController();
  const link = join();
  const problems = [{ code: 'iommu-off', message: 'x'.repeat(9_000), blocks: 'none' as const }];
  link.agentEnd.send({ ...hello, report: { ...report, problems } });
  await vi.waitFor(() => expect(link.received).toHaveLength(1));
  const [host] = await store.hosts.list();
  expect(host?.problems.map(({ message }) => message.length)).toEqual([4_096]);
});

test('hello is answered with the host’s id, and its report is in the store', async () => {
  const { store, join } = await aController();
  const link = join();
  link.agentEnd.send(hello);
  await vi.waitFor(() => expect(link.received).toHaveLength(1));
  const [host] = await store.hosts.list();
  expect(link.received).toEqual([{ type: 'welcome', hostId: host?.id }]);
  expect(host).toMatchObject({ hostIp: '192.0.2.7', physicalNetworks: ['physnet1'] });
});

test('every command without a result is sent on each new link, and once per link', async () => {
  const { join, give } = await aController();
  const first = join();
  first.agentEnd.send(hello);
  await vi.waitFor(() => expect(first.received).toHaveLength(1));
  await give();
  await give();
  await vi.waitFor(() => expect(first.commands()).toHaveLength(2));
  first.agentEnd.send({ type: 'result', seq: 1, result: ok });
  await vi.waitFor(() => expect(first.received).toContainEqual({ type: 'recorded', seq: 1 }));
  first.agentEnd.close();
  const second = join();
  second.agentEnd.send(hello);
  await vi.waitFor(() => expect(second.commands()).toMatchObject([{ command: { seq: 2 } }]));
  expect(first.commands()).toHaveLength(2);
});

test('a command that is recorded here is sent without a read where those before it were sent', async () => {
  const { store, context, join } = await aController();
  const link = join();
  link.agentEnd.send(hello);
  await vi.waitFor(() => expect(link.received).toHaveLength(1));
  const { id: hostId } = (await store.hosts.list())[0]!;
  const read = vi.spyOn(store.commands, 'pendingOf');
  const synced = vi.spyOn(store, 'onDisk');
  const record = async () => {
    const task = await aBoot(store);
    const { serverId } = task;
    const body = { do: 'destroy', guestId: serverId } as const;
    const command = { hostId, serverId, body };
    const committed = await store.commit(toStep(task, 'bind-ports', { command }));
    return committed.ok ? committed.command : undefined;
  };
  const sent = () => link.commands().map((message) => message.command.seq);
  expect(context.links.issued(hostId, await record())).toBe(true);
  await vi.waitFor(() => expect(sent()).toEqual([1]));
  expect([read.mock.calls.length, synced.mock.calls.length]).toEqual([0, 1]);
  const [second, third] = [await record(), await record()];
  context.links.issued(hostId, third);
  await vi.waitFor(() => expect(sent()).toEqual([1, 2, 3]));
  expect(read).toHaveBeenCalledTimes(1);
  context.links.issued(hostId, second);
  context.links.issued(hostId, await record());
  await vi.waitFor(() => expect(sent()).toEqual([1, 2, 3, 4]));
  expect(read).toHaveBeenCalledTimes(1);
  link.agentEnd.close();
  await vi.waitFor(() => expect(context.links.issued(hostId, third)).toBe(false));
});

test('a sent command cannot be withdrawn, and a host counts as linked until its link closes', async () => {
  const { store, context, join, give } = await aController();
  const link = join();
  link.agentEnd.send(hello);
  await vi.waitFor(() => expect(link.received).toHaveLength(1));
  const { id } = (await store.hosts.list())[0]!;
  await give();
  await vi.waitFor(() => expect(link.commands()).toHaveLength(1));
  const down = { id, forcedDown: true };
  expect([context.links.withdraw(id, 1), context.links.silentMs(down)]).toEqual([false, 0]);
  link.agentEnd.close();
  await vi.waitFor(() => expect(context.links.silentMs(down)).toBe(Infinity));
  expect(context.links.withdraw(id, 1)).toBe(false);
  expect(context.links.withdraw(id, 2)).toBe(true);
});

test('a withdrawn command and those after it are not sent until its end is recorded or cancelled', async () => {
  const { store, context, join, give, poll } = await aController();
  const link = join();
  link.agentEnd.send(hello);
  await vi.waitFor(() => expect(link.received).toHaveLength(1));
  const [host] = await store.hosts.list();
  expect(context.links.withdraw(host!.id, 1)).toBe(true);
  await give();
  await give();
  link.agentEnd.send({ type: 'heartbeat', uptime: 'up 1' });
  await vi.waitFor(() => expect(context.links.uptimeOf(host!.id)).toBe('up 1'));
  expect(link.commands()).toEqual([]);
  context.links.reinstate(host!.id, 1);
  poll();
  await vi.waitFor(() =>
    expect(link.commands()).toMatchObject([{ command: { seq: 1 } }, { command: { seq: 2 } }]),
  );
});

test('a result that cannot be recorded is not confirmed, and is requested again', async () => {
  const { store, log, join, give } = await aController();
  const link = join();
  link.agentEnd.send(hello);
  await vi.waitFor(() => expect(link.received).toHaveLength(1));
  await give();
  await vi.waitFor(() => expect(link.commands()).toHaveLength(1));
  const complete = vi
    .spyOn(store.commands, 'complete')
    .mockRejectedValueOnce(new Error('disk full'));
  link.agentEnd.send({ type: 'result', seq: 1, result: ok });
  await vi.waitFor(() => expect(link.commands()).toHaveLength(2), { timeout: 3_000 });
  expect(link.received).not.toContainEqual({ type: 'recorded', seq: 1 });
  expect(log.entries).toEqual(['error agent message failed']);
  complete.mockRestore();
  link.agentEnd.send({ type: 'result', seq: 1, result: ok });
  await vi.waitFor(() => expect(link.received).toContainEqual({ type: 'recorded', seq: 1 }));
});

test('late results of a closed link count, late reports do not', async () => {
  const { store, join, give } = await aController();
  const link = join();
  link.agentEnd.send(hello);
  await vi.waitFor(() => expect(link.received).toHaveLength(1));
  await give();
  await vi.waitFor(() => expect(link.commands()).toHaveLength(1));
  link.agentEnd.send({ type: 'report', report: { ...report, hostIp: '192.0.2.99' } });
  link.agentEnd.send({ type: 'result', seq: 1, result: ok });
  link.agentEnd.close();
  const [host] = await store.hosts.list();
  await vi.waitFor(async () => expect(await store.commands.pending(host?.id ?? '')).toEqual([]));
  expect((await store.hosts.list())[0]?.hostIp).toBe('192.0.2.7');
});

test('the uptime of a host is that of its last report or heartbeat with one', async () => {
  const { store, context, join } = await aController();
  const link = join();
  link.agentEnd.send({ type: 'hello', host: 'host-1', report: { ...report, uptime: 'up 1' } });
  await vi.waitFor(() => expect(link.received).toHaveLength(1));
  const [host] = await store.hosts.list();
  const uptime = () => context.links.uptimeOf(host?.id ?? '');
  expect(uptime()).toBe('up 1');
  link.agentEnd.send({ type: 'heartbeat', uptime: 'up 2' });
  await vi.waitFor(() => expect(uptime()).toBe('up 2'));
  link.agentEnd.send({ type: 'report', report: { ...report, hostIp: '192.0.2.8' } });
  await vi.waitFor(async () => expect((await store.hosts.list())[0]?.hostIp).toBe('192.0.2.8'));
  expect(uptime()).toBe('up 2');
});

test('an agent that does not begin with hello is sent nothing', async () => {
  const { log, join } = await aController();
  const link = join();
  link.agentEnd.send({ type: 'heartbeat' });
  await vi.waitFor(() => expect(log.entries).toEqual(['error agent message failed']));
  expect(link.received).toEqual([]);
});

test('a hello that cannot be recorded is reported with its cause', async () => {
  const { store } = await migratedStore(':memory:');
  stores.push(store);
  store.hosts.registerAll = () => Promise.reject(new Error('no such column: number'));
  const { agentEnd, controllerEnd } = inProcessLink();
  const failed = new Promise<unknown>((resolve) => {
    const clock = { now: Date.now };
    const links = new HostLinks({ clock, monotonic: clock, hostTimeoutMs: 60_000 });
    const context = { store, log: recordedLog(), links } as unknown as WorkflowContext;
    serveAgent(context, controllerEnd, { onHelloFailed: resolve });
  });
  agentEnd.send({ type: 'hello', host: 'host-1', report });
  expect(await failed).toMatchObject({ message: 'no such column: number' });
});

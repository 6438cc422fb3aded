/** What many hosts cost the database: in statements, which do not depend on the machine. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostReport, ToAgent } from '#contracts/host/host-link.ts';
import type { Host, Store } from '#contracts/store/store.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { statementCounts } from '#test/databases/statement-counts.ts';
import { recordedLog, type RecordedLog } from '#test/recorded-log.ts';
import { aPf, aVf, facts } from '#test/worlds/store-rows.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { HostLinks } from '../hosts/host-links.ts';
import { keepLastSeen } from './keep-last-seen.ts';
import { serveAgent } from './serve-agent.ts';

const hosts = 100;
const hostTimeoutMs = 60_000;
const report: HostReport = {
  facts,
  hostIp: '192.0.2.7',
  physicalNetworks: ['physnet1'],
  devices: [aPf(), ...Array.from({ length: 8 }, (_, at) => aVf(`0000:81:01.${at}`))].map((fn) => ({
    function: fn,
    tags: {},
  })),
  guests: [],
};

let store: Store;
let time: { now: number };
let log: RecordedLog;
let links: HostLinks;
let context: WorkflowContext;
let reported: Host[];

beforeEach(async () => {
  time = { now: 1_000_000 };
  const clock = { now: () => time.now };
  log = recordedLog();
  links = new HostLinks({ clock, monotonic: clock, hostTimeoutMs });
  reported = [];
  ({ store } = await migratedStore(':memory:', { clock }));
  const wakeup = { notify: () => {}, listen: () => () => {} };
  const settings = { hostTimeoutMs };
  context = { store, log, clock, links, wakeup, settings } as unknown as WorkflowContext;
});
afterEach(async () => {
  vi.useRealTimers();
  expect(log.entries).toEqual([]);
  await store.close();
});

/** The links of these many agents, which have said hello and got its answer. */
async function allLinked() {
  const ends = Array.from({ length: hosts }, (_, at) => {
    const { agentEnd, controllerEnd } = inProcessLink();
    const received: ToAgent[] = [];
    agentEnd.onMessage((message) => void received.push(message));
    serveAgent(context, controllerEnd, { onReport: (host) => void reported.push(host) });
    agentEnd.send({ type: 'hello', host: `host-${at}`, report });
    return { agentEnd, received };
  });
  await vi.waitFor(() => expect(ends.every(({ received }) => received.length === 1)).toBe(true), {
    timeout: 4_000,
  });
  return ends.map(({ agentEnd }) => agentEnd);
}

const sum = (counts: Map<string, number>) =>
  [...counts.values()].reduce((total, count) => total + count, 0);

test('hosts that link at the same time are registered, with their devices, in few statements', async () => {
  const first = await statementCounts(allLinked);
  expect(await store.hosts.list()).toHaveLength(hosts);
  expect(reported).toHaveLength(hosts);
  const devices = await store.hosts.devicesOf(reported.map(({ id }) => id));
  expect([...devices.values()].map((some) => some.length)).toEqual(
    Array.from({ length: hosts }, () => report.devices.length),
  );
  expect(first.get('begin')).toBeLessThanOrEqual(8);
  expect(sum(first)).toBeLessThanOrEqual(50);
  // As after a restart of the controller.
  const again = await statementCounts(allLinked);
  expect(await store.hosts.list()).toHaveLength(hosts);
  expect(sum(again)).toBeLessThanOrEqual(sum(first));
});

test('heartbeats write and read nothing', async () => {
  const ends = await allLinked();
  time.now += 1_000;
  const counts = await statementCounts(async () => {
    for (const end of ends) end.send({ type: 'heartbeat', uptime: 'up 1' });
    await vi.waitFor(() =>
      expect(reported.every(({ id }) => links.uptimeOf(id) === 'up 1')).toBe(true),
    );
  });
  expect(counts).toEqual(new Map());
  expect(reported.every((host) => links.lastSeenAt(host) === time.now)).toBe(true);
});

test('last contacts are written together, four times in the time after which a host is down', async () => {
  const ends = await allLinked();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const keeping = keepLastSeen(context);
  const written = vi.spyOn(store.hosts, 'stillSeen');
  time.now += 1_000;
  vi.advanceTimersByTime(hostTimeoutMs / 4);
  await vi.waitFor(() => expect(written).toHaveBeenCalledTimes(1));
  await written.mock.results[0]?.value;
  await new Promise(setImmediate);
  vi.advanceTimersByTime(hostTimeoutMs / 4);
  await new Promise(setImmediate);
  expect(written).toHaveBeenCalledTimes(1);
  // The last ones are written at the end.
  ends[0]?.send({ type: 'heartbeat' });
  await vi.waitFor(() => expect(links.lastSeenAt(reported[0]!)).toBe(time.now));
  expect(sum(await statementCounts(() => keeping.stop()))).toBe(3);
  const rows = await store.hosts.list();
  const now = ({ lastSeenAt }: { lastSeenAt: number }) => lastSeenAt === time.now;
  expect(rows.filter(now)).toHaveLength(1);
});

test('last contacts that cannot be written are logged, and hosts stay linked', async () => {
  await allLinked();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const keeping = keepLastSeen(context);
  vi.spyOn(store.hosts, 'stillSeen').mockRejectedValueOnce(new Error('disk full'));
  vi.advanceTimersByTime(hostTimeoutMs / 4);
  await vi.waitFor(() =>
    expect(log.entries.splice(0)).toEqual(['error last contacts of hosts cannot be written']),
  );
  await keeping.stop();
  expect(links.isAlive({ ...reported[0]!, lastSeenAt: 1 })).toBe(true);
});

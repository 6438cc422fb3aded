/** Which hosts are alive, whatever the wall clock does, and which commands can be withdrawn. */
import { beforeEach, expect, test } from 'vitest';
import { HostLinks } from './host-links.ts';

const hour = 3_600_000;
let wall: { now: number };
let steady: { now: number };
let links: HostLinks;

beforeEach(() => {
  wall = { now: 100 * hour };
  steady = { now: 5 };
  links = aProcess();
});

function aProcess(): HostLinks {
  return new HostLinks({
    clock: { now: () => wall.now },
    monotonic: { now: () => steady.now },
    hostTimeoutMs: 60_000,
    localHosts: new Set(['host-1']),
  });
}

/** A host as in its row, last seen that long ago by the wall clock. */
const seen = (agoMs: number) => ({ id: 'h', forcedDown: false, lastSeenAt: wall.now - agoMs });
function pass(ms: number): void {
  wall.now += ms;
  steady.now += ms;
}

test.each([4 * hour, -hour])('a linked host is alive though the clock jumps by %i ms', (jump) => {
  const host = seen(0);
  links.opened('h');
  wall.now += jump;
  expect(links.isAlive(host)).toBe(true);
  expect(links.silentMs(host)).toBe(0);
});

test.each([4 * hour, -hour])(
  'a host that closed its link is alive for a minute and no longer, though the clock jumps by %i ms',
  (jump) => {
    const host = seen(0);
    links.opened('h')();
    wall.now += jump;
    pass(60_000);
    expect(links.isAlive(host)).toBe(true);
    pass(1);
    expect(links.isAlive(host)).toBe(false);
    expect(links.silentMs(host)).toBe(60_001);
  },
);

test('after a restart with the clock an hour back a known host is not alive until it links', () => {
  const host = seen(0);
  wall.now -= hour;
  links = aProcess();
  expect(links.isAlive(host)).toBe(false);
  links.opened('h');
  expect(links.isAlive(host)).toBe(true);
});

test('a known host has its full time to link after a restart', () => {
  const host = seen(10 * hour);
  expect(links.silentMs(host)).toBe(0);
  pass(1_000);
  expect(links.silentMs(host)).toBe(1_000);
});

test('a host that links again stays alive when its old link closes later', () => {
  const closeOld = links.opened('h');
  links.opened('h');
  closeOld();
  closeOld();
  pass(hour);
  expect(links.isAlive(seen(hour))).toBe(true);
});

test('a host that is forced down is not alive, and without a link it is no longer waited for', () => {
  const down = { ...seen(0), forcedDown: true };
  const close = links.opened('h');
  expect([links.isAlive(down), links.silentMs(down)]).toEqual([false, 0]);
  close();
  expect(links.silentMs(down)).toBe(Infinity);
});

test('a host whose token was revoked is not alive, even before its link closes', () => {
  links.opened('h');
  expect(links.isAlive({ ...seen(0), lastSeenAt: 0 })).toBe(false);
});

test('a command can be withdrawn until it may have been sent, and is then never sent', () => {
  links.markSent('h', 4);
  expect(links.withdraw('h', 4)).toBe(false);
  expect(links.withdraw('h', 5)).toBe(true);
  expect([links.maySend('h', 4), links.maySend('h', 5), links.maySend('other', 5)]).toEqual([
    true,
    false,
    true,
  ]);
});

test('the last contact of a host is its last message, or that of its row before the first', () => {
  const host = { id: 'h', name: 'hv1', lastSeenAt: 5 };
  expect(links.lastSeenAt(host)).toBe(5);
  links.noteSeen(host);
  const firstAt = wall.now;
  pass(1_000);
  expect(links.lastSeenAt(host)).toBe(firstAt);
  links.noteSeen(host);
  expect(links.lastSeenAt(host)).toBe(wall.now);
  // Revoked: it has not been seen since it was admitted.
  expect(links.lastSeenAt({ ...host, lastSeenAt: 0 })).toBe(0);
});

test('last contacts are written once, and never those of hosts that start with this process', () => {
  links.noteSeen({ id: 'h', name: 'hv1' });
  links.noteSeen({ id: 'own', name: 'host-1' });
  expect(links.takeUnwritten()).toEqual(new Map([['h', wall.now]]));
  expect(links.takeUnwritten()).toEqual(new Map());
  pass(1_000);
  links.noteSeen({ id: 'h', name: 'hv1' });
  expect(links.takeUnwritten()).toEqual(new Map([['h', wall.now]]));
});

test('nothing is kept of a host that was removed', () => {
  const host = { id: 'h', name: 'hv1', lastSeenAt: 5 };
  links.opened('h')();
  links.noteSeen(host);
  links.noteUptime('h', 'up 1');
  links.markSent('h', 3);
  expect(links.withdraw('h', 4)).toBe(true);
  pass(10_000);
  links.forget('h');
  expect(links.takeUnwritten()).toEqual(new Map());
  expect(links.lastSeenAt(host)).toBe(5);
  expect(links.uptimeOf('h')).toBeUndefined();
  expect(links.maySend('h', 4)).toBe(true);
  expect(links.withdraw('h', 3)).toBe(true);
  // As of a host from before this process started.
  expect(links.silentMs({ id: 'h', forcedDown: false })).toBe(10_000);
});

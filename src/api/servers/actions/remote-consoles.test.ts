import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConsoleAnswer, ConsoleRequest } from '#contracts/host/host-link.ts';
import type { Server } from '#core/servers/server.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
let answer: (request: ConsoleRequest) => ConsoleAnswer;
beforeEach(async () => {
  world = await aComputeWorld();
  answer = ({ id, kind }) => ({
    id,
    place: kind === 'vnc' ? { port: 5901 } : { path: '/dev/pts/1' },
  });
});
afterEach(() => world.stop());

/** A server on a host that answers requests for consoles with `answer`. */
async function aServer(change: Partial<Server> = {}): Promise<Server> {
  const server = await world.activeServer(change);
  const { consoles } = world.context.links;
  consoles.linked(server.hostId ?? '', {
    name: 'hv1',
    send: (request) => setImmediate(() => consoles.answer('hv1', answer(request))),
  });
  return server;
}

const create = (id: string, console: object, { as = 'member', version = '2.96' } = {}) =>
  world.ask(`POST /v2.1/servers/${id}/remote-consoles`, {
    ...{ as, version },
    body: { remote_console: console },
  });
const vnc = { protocol: 'vnc', type: 'novnc' };

/** The token in a reply's address. */
function tokenIn(url: string): string {
  return /token(?:=|%3D)([\w-]+)$/.exec(url)?.[1] ?? '';
}

test('a display has the address of a page, a serial console that of a WebSocket', async () => {
  const server = await aServer();
  const display = (await create(server.id, vnc)).body as { remote_console: { url: string } };
  expect(display.remote_console).toEqual({ ...vnc, url: expect.any(String) });
  expect(display.remote_console.url).toMatch(
    /^http:\/\/[^/]+\/novella\/v1\/console\?path=novella%2Fv1%2Fconsole%3Ftoken%3D[\w-]{43}$/,
  );
  const serial = { protocol: 'serial', type: 'serial' };
  const { body } = await create(server.id, serial);
  expect(body).toMatchObject({ remote_console: serial });
  expect((body as typeof display).remote_console.url).toMatch(
    /^ws:\/\/[^/]+\/novella\/v1\/console\?token=[\w-]{43}$/,
  );
});

test('the store has the token’s hash, for ten minutes', async () => {
  const server = await aServer();
  const { body } = await create(server.id, vnc);
  const hash = sha256OfToken(
    tokenIn((body as { remote_console: { url: string } }).remote_console.url),
  );
  const { consoleTokens } = world.store;
  const stored = { serverId: server.id, type: 'novnc', place: { port: 5901 } };
  expect(await consoleTokens.ofToken(hash, world.time.now + 599_999)).toMatchObject(stored);
  expect(await consoleTokens.ofToken(hash, world.time.now + 600_000)).toBeUndefined();
});

test.each([
  ['os-getVNCConsole', 'novnc', 200],
  ['os-getSerialConsole', 'serial', 200],
  ['os-getVNCConsole', 'xvpvnc', 400],
  ['os-getSPICEConsole', 'spice-html5', 400],
  ['os-getRDPConsole', 'rdp-html5', 400],
])('until 2.5: %s of type %s → %i; after that the action is gone', async (action, type, status) => {
  const server = await aServer();
  const act = (version: string) =>
    world.ask(`POST /v2.1/servers/${server.id}/action`, {
      ...{ as: 'member', version },
      body: { [action]: { type } },
    });
  const reply = await act('2.5');
  expect(reply.status).toBe(status);
  if (status === 200) expect(reply.body).toEqual({ console: { type, url: expect.any(String) } });
  else expect(faultOf(reply).message).toBe(`Unavailable console type ${type}.`);
  expect((await act('2.6')).status).toBe(404);
});

test.each([
  ['2.96', { protocol: 'spice', type: 'spice-html5' }, 'Unavailable console type spice-html5.'],
  ['2.96', { protocol: 'rdp', type: 'rdp-html5' }, 'Unavailable console type rdp-html5.'],
  ['2.8', { protocol: 'mks', type: 'webmks' }, 'Unavailable console type webmks.'],
  ['2.96', { protocol: 'vnc', type: 'xvpvnc' }, 'Unavailable console type xvpvnc.'],
  ['2.96', { protocol: 'vnc', type: 'serial' }, /^Invalid console type serial/],
  ['2.7', { protocol: 'mks', type: 'webmks' }, /protocol/],
  ['2.7', { protocol: 'vnc', type: 'webmks' }, /type/],
  ['2.96', { protocol: 'vnc' }, /type/],
  ['2.96', { ...vnc, more: 1 }, /more/],
])('in %s %o is refused', async (version, console, message) => {
  const server = await aServer();
  const reply = await create(server.id, console, { version });
  expect(faultOf(reply)).toMatchObject({ code: 400, message: expect.stringMatching(message) });
});

test('a guest without such a console, as one that was started before its host had displays', async () => {
  answer = ({ id }) => ({ id, place: null });
  const server = await aServer();
  expect(faultOf(await create(server.id, vnc))).toMatchObject({
    code: 400,
    message: 'Unavailable console type novnc.',
  });
});

test('a server whose guest does not run, that has no host, or a silent one, is not ready', async () => {
  const problem = 'guest instance-00000001: it does not run';
  answer = ({ id }) => ({ id, problem, isConflict: true });
  const server = await aServer();
  expect(faultOf(await create(server.id, vnc))).toMatchObject({
    code: 409,
    message: `Instance ${server.id} is not ready: its guest does not run`,
  });
  const nowhere = await world.server();
  expect(faultOf(await create(nowhere.id, vnc))).toMatchObject({ code: 409 });
  world.time.now += 60_001;
  expect(faultOf(await create(server.id, vnc))).toMatchObject({
    code: 409,
    message: `Cannot 'get_console' instance ${server.id}: its host is not reachable`,
  });
});

test('what prevents a host from finding a console is for administrators', async () => {
  answer = ({ id }) => ({ id, problem: 'libvirt on hv1: no such socket', isConflict: false });
  const server = await aServer();
  const [member, admin] = [
    await create(server.id, vnc),
    await create(server.id, vnc, { as: 'admin' }),
  ];
  expect(faultOf(member)).toMatchObject({ code: 503, message: expect.not.stringContaining('hv1') });
  expect(faultOf(admin)).toMatchObject({ code: 503, message: expect.stringContaining('hv1') });
});

test('a locked server’s console opens; another project’s is not found; readers get none', async () => {
  const server = await aServer({ locked: true });
  expect((await create(server.id, vnc)).status).toBe(200);
  expect((await create(server.id, vnc, { as: 'stranger' })).status).toBe(404);
  expect((await create(server.id, vnc, { as: 'reader' })).status).toBe(403);
});

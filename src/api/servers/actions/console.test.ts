import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandResult, HostCommand } from '#contracts/host/host-link.ts';
import type { Server } from '#core/servers/server.ts';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const ask = (server: Server, length: unknown, as = 'member') =>
  world.ask(`POST /v2.1/servers/${server.id}/action`, {
    as,
    body: { 'os-getConsoleOutput': length === undefined ? {} : { length } },
  });

/** The query that the host gets, once it is sent. */
async function question({ hostId }: Server): Promise<HostCommand> {
  for (;;) {
    const [found] = await world.store.commands.pending(hostId ?? '');
    if (found !== undefined) return found;
    await new Promise(setImmediate);
  }
}

/** The host's answer is this. */
async function answer(server: Server, result: CommandResult): Promise<void> {
  const { seq } = await question(server);
  await world.store.commands.complete(server.hostId ?? '', seq, result, { now: world.time.now });
}

test.each([
  [undefined, null],
  [null, null],
  [-1, null],
  ['-1', null],
  [5, 5],
  ['12', 12],
  [0, 0],
])('length %o requests %o lines from the host', async (length, lines) => {
  const server = await world.activeServer();
  const reply = ask(server, length);
  expect((await question(server)).body).toEqual({ do: 'console', guestId: server.id, lines });
  await answer(server, { ok: true, steps: [], output: 'login: ' });
  expect(await reply).toMatchObject({ status: 200, body: { output: 'login: ' } });
});

test('control characters are dropped, and nothing of the answer is stored', async () => {
  const server = await world.activeServer();
  const reply = ask(server, null);
  const { seq } = await question(server);
  const output = '\u001b[32mok\u001b[0m\r\n\tnext\u0000\n';
  await answer(server, { ok: true, steps: [], output });
  expect((await reply).body).toEqual({ output: '[32mok[0m\n\tnext\n' });
  expect(await world.store.commands.answer(server.hostId ?? '', seq)).toBeUndefined();
});

test('a read error of the host contains paths of the host, which members cannot read', async () => {
  const server = await world.activeServer();
  const reply = ask(server, null);
  await answer(server, { ok: false, message: 'EACCES: serial.log', detail: '', steps: [] });
  expect(faultOf(await reply)).toMatchObject({
    code: 503,
    message: 'The host could not complete the request. An administrator can see the reason.',
  });
});

test('a host that does not answer in time is reported, and the query is withdrawn', async () => {
  const server = await world.activeServer();
  const reply = ask(server, null);
  await question(server);
  world.time.now += 10_001;
  expect(faultOf(await reply)).toMatchObject({
    code: 503,
    message: `the host of instance ${server.id} has not answered 'get_console_output' within 10 s`,
  });
  expect(await world.store.commands.pending(server.hostId ?? '')).toEqual([]);
});

test('a locked server’s console is readable by its members', async () => {
  const server = await world.activeServer({ locked: true });
  const reply = ask(server, null);
  await answer(server, { ok: true, steps: [], output: '' });
  expect((await reply).status).toBe(200);
});

test('a server without a host, or on a silent one, has no console', async () => {
  const nowhere = await world.server();
  expect(faultOf(await ask(nowhere, null))).toMatchObject({
    code: 409,
    message: `Instance ${nowhere.id} is not ready: it is on no host`,
  });
  const server = await world.activeServer();
  world.time.now += 60_001;
  expect(faultOf(await ask(server, null))).toMatchObject({
    code: 409,
    message: `Cannot 'get_console_output' instance ${server.id}: its host is not reachable`,
  });
  expect(await world.store.commands.pending(server.hostId ?? '')).toEqual([]);
});

test('another project’s console is not found; an invalid length is refused', async () => {
  const server = await world.activeServer();
  expect((await ask(server, null, 'stranger')).status).toBe(404);
  for (const length of [-2, '-2', 'all', 1.5, true]) {
    expect((await ask(server, length)).status).toBe(400);
  }
});

import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { ended } from '#test/consoles/console-client.ts';
import { readUntil } from '#test/consoles/read-stream.ts';
import { turnsOfFlood } from '#test/consoles/web-socket-flood.ts';
import { byToken } from '#test/worlds/host-links.ts';
import { tokenCredential } from '#api/agents/token-credential.ts';
import { silentLog } from '#test/silent-log.ts';
import { hostConsolePath } from '#contracts/host/host-link.ts';
import { consoleDial } from './console-dial.ts';
import { acceptHostConsoles } from './accept-host-consoles.ts';
import { acceptHostLinks } from './accept-host-links.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A controller that has requested console `r1` of hv1, and takes links beside. */
async function aController(tokenIsValid = true, check = async () => {}) {
  const token = { isValid: tokenIsValid };
  const server = createServer({ shouldUpgradeCallback: () => true });
  const taken: Duplex[] = [];
  const links: unknown[] = [];
  const admit = async () => {
    await check();
    return token.isValid
      ? { host: 'hv1' }
      : ({ status: 401, message: 'The token is not known.' } as const);
  };
  const door = acceptHostConsoles({
    admit,
    expects: (host, id) => host === 'hv1' && id === 'r1',
    take: (_host, _id, stream) => taken.push(stream),
    log: silentLog,
  });
  const linkDoor = acceptHostLinks({
    admit,
    onLink: (end) => links.push(end),
    log: silentLog,
  });
  for (const each of [door, linkDoor]) each.listenOn(server, tokenCredential);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  cleanUps.push(() => linkDoor.close());
  cleanUps.push(() => door.close());
  const controllerUrl = `http://127.0.0.1:${port}`;
  const dial = consoleDial(byToken(controllerUrl));
  return { taken, links, dial, door, controllerUrl, token };
}

test('a host connects for the console that was requested of it; it is no link', async () => {
  const { taken, links, dial } = await aController();
  const host = await dial('r1');
  host.write('RFB');
  await readUntil(taken[0]!, 'RFB');
  taken[0]!.write('key');
  await readUntil(host, 'key');
  const over = ended(host);
  taken[0]!.end();
  await over;
  expect(links).toEqual([]);
});

test.each([
  [true, 'r2', /404/],
  [false, 'r1', /401/],
])('token valid %o, request %s: refused', async (isValid, id, message) => {
  const { taken, dial } = await aController(isValid);
  await expect(dial(id)).rejects.toThrow(message);
  expect(taken).toEqual([]);
});

test('messages that arrive at once are passed on in a turn of the event loop each', async () => {
  const { controllerUrl } = await aController();
  const turns = await turnsOfFlood(`${controllerUrl}${hostConsolePath}/r1`, Array(100).fill('k'));
  expect(new Set(turns).size).toBe(100);
});

test('a connection whose token is being checked is closed when the controller stops', async () => {
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { dial, door, taken } = await aController(true, () => {
    begun.resolve();
    return held.promise;
  });
  const dialled = dial('r1').catch(() => 'closed');
  await begun.promise;
  await door.close();
  expect(await dialled).toBe('closed');
  held.resolve();
  await new Promise(setImmediate);
  expect(taken).toEqual([]);
});

test('the controller closes every console when it stops', async () => {
  const { dial, door } = await aController();
  const host = await dial('r1');
  const over = ended(host);
  await door.close();
  await over;
});

test('a host that is revoked loses its open consoles at the recheck, not before', async () => {
  const { taken, dial, door, token } = await aController();
  const host = await dial('r1');
  const over = ended(host);
  await door.recheck();
  host.write('RFB');
  await readUntil(taken[0]!, 'RFB');
  token.isValid = false;
  await door.recheck();
  await over;
  expect(taken[0]!.destroyed).toBe(true);
});

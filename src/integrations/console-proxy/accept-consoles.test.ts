import { createServer } from 'node:http';
import { connect } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { ended, openConsole } from '#test/consoles/console-client.ts';
import { readUntil } from '#test/consoles/read-stream.ts';
import { turnsOfFlood } from '#test/consoles/web-socket-flood.ts';
import { silentLog } from '#test/silent-log.ts';
import { acceptConsoles, type AcceptConsolesOptions } from './accept-consoles.ts';
import { usualConsoleLimits } from './console-slots.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const owner = { serverId: 's', projectId: 'p' };

/** A proxy whose tokens are `PROJECT-SERVER…`; `guests`: the other ends of what it has opened. */
async function aProxy(change: Partial<AcceptConsolesOptions> = {}) {
  const server = createServer({ shouldUpgradeCallback: () => true });
  const guests: Duplex[] = [];
  const door = acceptConsoles({
    server,
    path: '/console',
    admit: async (token) => {
      const [projectId = '', serverId] = token.split('-');
      if (serverId === undefined) throw new ComputeError('forbidden', 'no such token');
      const open = async (): Promise<Duplex> => {
        const [mine, theirs] = duplexPair();
        guests.push(mine);
        return theirs;
      };
      return { serverId, projectId, kind: 'serial', open };
    },
    goneOf: async () => [],
    allowedOrigins: [],
    limits: usualConsoleLimits,
    log: silentLog,
    ...change,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  cleanUps.push(() => door.close());
  return {
    url: (token = 'p-s1') => `ws://127.0.0.1:${port}/console?token=${token}`,
    guests,
    door,
    server,
  };
}

test('text and bytes of a client reach the guest as bytes, and the guest’s reach the client', async () => {
  const { url, guests } = await aProxy();
  const { stream, protocol } = await openConsole(url(), { protocols: ['base64', 'binary'] });
  expect(protocol).toBe('binary');
  stream.write('typed');
  await readUntil(guests[0]!, 'typed');
  guests[0]!.write(Buffer.from([0, 255, 10]));
  expect([...Buffer.from(await readUntil(stream, '\n'), 'latin1')]).toEqual([0, 255, 10]);
});

test('a refused client that keeps its connection open occupies none here', async () => {
  const { url, server } = await aProxy();
  const { port, pathname, search } = new URL(url('bad'));
  const client = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  cleanUps.push(async () => client.destroy());
  client.on('error', () => undefined);
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket';
  client.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: h\r\n${upgrade}\r\n\r\n`);
  await readUntil(client, ' 403 ');
  const open = () =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  await expect.poll(open).toBe(0);
});

test('messages that arrive at once are passed on in a turn of the event loop each', async () => {
  const { url } = await aProxy();
  const turns = await turnsOfFlood(url().replace('ws:', 'http:'), Array(100).fill('k'));
  expect(new Set(turns).size).toBe(100);
});

test('when one side leaves, the other is closed', async () => {
  const { url, guests } = await aProxy();
  const first = await openConsole(url());
  const guestOver = ended(guests[0]!);
  first.stream.end();
  await guestOver;
  const second = await openConsole(url());
  const clientOver = ended(second.stream);
  guests[1]!.end('bye');
  await clientOver;
});

test('a server has so many consoles at once, whatever their tokens', async () => {
  const { url, guests } = await aProxy({ limits: { ...usualConsoleLimits, ofServer: 2 } });
  const first = await openConsole(url('p-s1-one'));
  await openConsole(url('p-s1-two'));
  await expect(openConsole(url('p-s1-three'))).rejects.toThrow('status 503, 0 bytes');
  await openConsole(url('p-s2'));
  first.stream.end();
  await ended(guests[0]!);
  await expect.poll(() => openConsole(url('p-s1-four')).then(() => 'open', String)).toBe('open');
});

test('so has a project, and the proxy in all', async () => {
  const { url } = await aProxy({ limits: { ...usualConsoleLimits, ofProject: 2, total: 3 } });
  await openConsole(url('p-s1'));
  await openConsole(url('p-s2'));
  await expect(openConsole(url('p-s3'))).rejects.toThrow('status 503, 0 bytes');
  await openConsole(url('q-s4'));
  await expect(openConsole(url('r-s5'))).rejects.toThrow('status 503, 0 bytes');
});

test('a console that is not opened holds no slot', async () => {
  const open = (): Promise<Duplex> => Promise.reject(new ComputeError('conflict', 'why'));
  const { url } = await aProxy({
    admit: async () => ({ ...owner, kind: 'vnc', open }),
    limits: { ...usualConsoleLimits, ofServer: 1 },
  });
  for (let count = 0; count < 2; count += 1) {
    await expect(openConsole(url())).rejects.toThrow('status 409');
  }
});

test.each([
  ['forbidden', 403],
  ['conflict', 409],
  ['unavailable', 503],
] as const)(
  'a console that cannot be opened (%s) is refused with %i and no body',
  async (kind, status) => {
    const open = (): Promise<Duplex> => Promise.reject(new ComputeError(kind, 'why'));
    const { url } = await aProxy({ admit: async () => ({ ...owner, kind: 'vnc', open }) });
    await expect(openConsole(url())).rejects.toThrow(`status ${status}, 0 bytes`);
  },
);

test('a client that leaves while its console is opened leaves no connection to the guest', async () => {
  const [mine, theirs] = duplexPair();
  const opening = Promise.withResolvers<Duplex>();
  const isOpening = Promise.withResolvers<void>();
  const { url } = await aProxy({
    admit: async () => ({
      ...owner,
      kind: 'vnc',
      open: () => {
        isOpening.resolve();
        return opening.promise;
      },
    }),
  });
  const { port, pathname, search } = new URL(url());
  const client = connect(Number(port), '127.0.0.1');
  const key = 'Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13';
  client.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
  );
  await isOpening.promise;
  client.destroy();
  opening.resolve(theirs);
  await ended(mine);
});

test('open consoles of a server that is gone are closed', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { url, guests } = await aProxy({ goneOf: async (ids) => ids.filter((id) => id === 's1') });
  await openConsole(url());
  const over = ended(guests[0]!);
  await vi.advanceTimersByTimeAsync(10_000);
  await over;
});

test('closing the proxy closes every console', async () => {
  const { url, guests, door } = await aProxy();
  const { stream } = await openConsole(url());
  const over = Promise.all([ended(stream), ended(guests[0]!)]);
  await door.close();
  await over;
});

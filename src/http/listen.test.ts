import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer as http } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import fastify from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { listen } from './listen.ts';

const taken = createServer();
await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
afterAll(() => void taken.close());
const { port } = taken.address() as AddressInfo;

test.each([
  { host: '127.0.0.1', port, expected: 'is in use by another program, perhaps another Novella' },
  // TEST-NET-1 of RFC 5737: no machine has it.
  { host: '192.0.2.1', port: 0, expected: 'this machine has no such address' },
  {
    host: 'no-such-host.invalid',
    port: 0,
    expected: 'the name no-such-host.invalid has no address',
  },
])(
  'a port that cannot be used is refused with a message: $expected',
  async ({ expected, ...at }) => {
    const app = fastify();
    await expect(listen(app, 'compute', at.host, at.port)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(new RegExp(`^compute: .*${expected}`)),
    });
    await app.close();
  },
);

test.each([
  ['compute', 'set ports.compute in'],
  ['metrics', 'set metrics.port in'],
])('the message about a taken port of %s names its key: %s', async (name, expected) => {
  const app = fastify();
  await expect(listen(app, name, '127.0.0.1', port)).rejects.toThrow(expected);
  await app.close();
});

test('localhost is all of its addresses, and no connection outlives the service', async () => {
  const app = fastify({ forceCloseConnections: true, serverFactory: (handle) => http(handle) });
  app.get('/', async () => 'here');
  const at = await listen(app, 'compute', 'localhost', 0);
  const addresses = await lookup('localhost', { all: true });
  for (const { address, family } of addresses) {
    const url = `http://${family === 6 ? `[${address}]` : address}:${at}/`;
    expect(await (await fetch(url)).text()).toBe('here');
  }
  await app.close();
  for (const { address } of addresses) {
    const [refused] = await once(connect(at, address), 'error');
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
  }
});

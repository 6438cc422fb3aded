/** TLS with a private certificate authority; ends to every wait. */
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { type Certificate, makeAuthority } from '#test/tls/authority.ts';
import { createServiceCaller } from './service-caller.ts';
import { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serviceWith(certificate: Certificate): Promise<string> {
  const server = createTlsServer(certificate, (_request, reply) => reply.end('"here"'));
  stops.push(() => server.closeAllConnections());
  return `https://${await listening(server)}`;
}

function wireWith(options: Partial<HttpTransportOptions>) {
  const wire = createHttpTransport({
    timeoutMs: 5_000,
    connectMs: 5_000,
    connections: 2,
    ...options,
  });
  stops.push(() => wire.close());
  return wire;
}

function callerWith(ca: string | undefined) {
  return createServiceCaller({
    wire: wireWith(ca === undefined ? {} : { ca }),
    limits: { wholeMs: 5_000, mostBytes: 1_000 },
    trust: { key: 'openstack.ca_file', caFile: ca === undefined ? undefined : '/etc/ca.pem' },
    retries: { most: 2, firstMs: 1, longestMs: 1 },
  });
}

const ours = makeAuthority('ours');
const others = makeAuthority('others');

test('a service is trusted by the authorities of ca_file, for every method', async () => {
  const base = await serviceWith(ours.sign());
  const caller = callerWith(ours.cert);
  for (const method of ['GET', 'POST'] as const) {
    const answer = await caller.call({ service: 'network', method, base, path: '/' });
    expect(answer.body).toBe('here');
  }
});

test.each([
  {
    what: 'of another authority',
    certificate: () => others.sign(),
    ca: ours.cert,
    expected: 'its certificate is signed by no authority of openstack.ca_file (/etc/ca.pem)',
  },
  {
    what: 'of an authority that is not configured',
    certificate: () => ours.sign(),
    ca: undefined,
    expected:
      'its certificate is signed by an unknown authority; set openstack.ca_file to your CA bundle',
  },
  {
    what: 'that has expired',
    certificate: () => ours.sign({ days: -1 }),
    ca: ours.cert,
    expected: 'its certificate has expired',
  },
  {
    what: 'for another host',
    certificate: () => ours.sign({ subject: 'DNS:elsewhere.test' }),
    ca: ours.cert,
    expected: 'its certificate is for another host',
  },
])(
  'a certificate $what is refused with a message, at once',
  async ({ certificate, ca, expected }) => {
    const base = await serviceWith(certificate());
    const caller = callerWith(ca);
    const call = { service: 'network', method: 'GET', base, path: '/' } as const;
    await expect(caller.call(call)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(`network service at ${base} is not trusted: ${expected}`),
    });
    expect(caller.counts()).toEqual({ 'network GET': 1 });
  },
);

test('a connection that is never established ends after its own time-out', async () => {
  // Accepts the connection, and never answers the TLS handshake.
  const base = `https://${await listening(createServer(() => undefined))}`;
  const wire = wireWith({ connectMs: 50 });
  await expect(wire.send({ method: 'GET', url: base, headers: {} })).rejects.toThrow(
    'no connection within 0.05 s',
  );
});

test('a request outside the pool does not wait for those in it', async () => {
  const server = createTlsServer(ours.sign(), (request, reply) => {
    if (request.url === '/alone') reply.end('here');
  });
  stops.push(() => server.closeAllConnections());
  const url = `https://${await listening(server)}`;
  const wire = wireWith({ ca: ours.cert, connections: 1 });
  const stuck = wire.send({ method: 'GET', url, headers: {} }).catch(() => 'closed');
  const answer = await wire.send({
    method: 'GET',
    url: `${url}/alone`,
    headers: {},
    dedicatedConnection: true,
  });
  expect(await text(answer.bytes)).toBe('here');
  wire.close();
  expect(await stuck).toBe('closed');
});

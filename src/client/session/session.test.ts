import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ErrorKind, isComputeError } from '#core/errors.ts';
import {
  type RecordedCloud,
  type RecordedReply,
  startRecordedCloud,
} from '#test/worlds/recorded-cloud.ts';
import { tlsFiles } from '#test/tls/tls-files.ts';
import { request, send } from './request.ts';
import { openSession, serviceUrl, type Session } from './session.ts';

let cloud: RecordedCloud;
let session: Session;
beforeAll(async () => {
  cloud = await startRecordedCloud();
  session = await openSession(cloud.credentials);
});
afterAll(() => cloud.stop());

/** The error of the refusal; undefined when it was accepted. */
async function refusal(outcome: Promise<unknown>): Promise<Error | undefined> {
  return outcome.then(
    () => undefined,
    (error: Error) => error,
  );
}

test('a login sends the password scoped to the project and keeps token and public endpoints', async () => {
  const [login] = cloud.received;
  expect(login?.body).toMatchObject({
    auth: {
      identity: { password: { user: { name: 'admin', password: 'secret' } } },
      scope: { project: { name: 'admin', domain: { name: 'Default' } } },
    },
  });
  expect(session).toEqual({
    token: 'token-1',
    projectId: 'project-1',
    endpoints: { compute: `${cloud.origin}/v2.1`, network: cloud.origin },
  });
});

test('an auth_url with or without /v3 is the same', async () => {
  const again = await openSession({ ...cloud.credentials, authUrl: `${cloud.origin}/` });
  expect(again).toEqual(session);
});

test('a configured compute endpoint takes precedence over the catalog', async () => {
  const reported = await openSession({ ...cloud.credentials, computeUrl: 'http://given/v2.1/' });
  expect(reported.endpoints).toEqual({ compute: 'http://given/v2.1', network: cloud.origin });
});

test('the operator API is at the origin of the compute endpoint', () => {
  expect(serviceUrl(session, 'operator')).toBe(`${cloud.origin}/novella/v1`);
});

test('a service that is not in the catalog is refused, naming those in it', () => {
  expect(() => serviceUrl(session, 'image')).toThrow(/image.*compute, network/);
});

test('a request carries the token, the microversion and the body', async () => {
  cloud.answer('POST /v2.1/servers', { status: 202, body: { server: { id: 's1' } } });
  const reply = await request(session, {
    service: 'compute',
    method: 'POST',
    path: '/servers',
    body: { server: {} },
    microversion: '2.79',
  });
  expect(reply).toEqual({ server: { id: 's1' } });
  const sent = cloud.received.at(-1);
  expect(sent?.headers).toMatchObject({
    'x-auth-token': 'token-1',
    'openstack-api-version': 'compute 2.79',
  });
  expect(sent?.body).toEqual({ server: {} });
});

test('an empty reply is undefined', async () => {
  cloud.answer('DELETE /v2.1/servers/s1', { status: 204, body: '' });
  const sent = { service: 'compute', method: 'DELETE', path: '/servers/s1' } as const;
  expect(await request(session, sent)).toBeUndefined();
});

const expired = {
  status: 401,
  body: { error: { code: 401, title: 'Unauthorized', message: 'The token has expired.' } },
};

/** A cloud that accepts only this token. */
async function cloudThatTakes(token: string): Promise<RecordedCloud> {
  const strict = await startRecordedCloud();
  strict.answer('GET /v2.1/x', ({ headers }) =>
    headers['x-auth-token'] === token ? { body: { x: 1 } } : expired,
  );
  return strict;
}

const signIns = ({ received }: RecordedCloud) =>
  received.filter(({ line }) => line === 'POST /v3/auth/tokens').length;

test('an expired token is renewed, once for all callers, and the requests are sent again', async () => {
  const strict = await cloudThatTakes('token-2');
  const user = await openSession(strict.credentials);
  strict.token = 'token-2';
  const call = { service: 'compute', path: '/x' } as const;
  const replies = await Promise.all([request(user, call), request(user, call)]);
  expect(replies).toEqual([{ x: 1 }, { x: 1 }]);
  expect([user.token, signIns(strict)]).toEqual(['token-2', 2]);
  await strict.stop();
});

test('a new token that is also refused is not renewed again', async () => {
  const strict = await cloudThatTakes('another');
  const user = await openSession(strict.credentials);
  const error = await refusal(request(user, { service: 'compute', path: '/x' }));
  expect(isComputeError(error, 'unauthenticated')).toBe(true);
  expect(error?.message).toBe('The token has expired. (compute GET /v2.1/x: 401)');
  expect(signIns(strict)).toBe(2);
  await strict.stop();
});

test('a token of the caller is sent unchanged, and not renewed', async () => {
  const strict = await cloudThatTakes('mine');
  const user = await openSession(strict.credentials);
  const call = { service: 'compute', path: '/x' } as const;
  expect((await send(user, { ...call, token: 'mine' })).status).toBe(200);
  expect((await send(user, { ...call, token: 'old' })).status).toBe(401);
  expect((await send(user, { ...call, token: null })).status).toBe(401);
  expect(strict.received.at(-1)?.headers['x-auth-token']).toBeUndefined();
  expect(signIns(strict)).toBe(1);
  await strict.stop();
});

const refusals: { name: string; given: RecordedReply; kind: ErrorKind; expected: string }[] = [
  {
    name: 'compute',
    given: {
      status: 400,
      headers: { 'x-openstack-request-id': 'req-7' },
      body: { badRequest: { code: 400, message: 'networks[0].port: unknown' } },
    },
    kind: 'invalid',
    expected: 'networks[0].port: unknown (compute GET /v2.1/x: 400, request req-7)',
  },
  {
    name: 'compute, for administrators only',
    given: { status: 403, body: { forbidden: { code: 403, message: "Policy doesn't allow x" } } },
    kind: 'forbidden',
    expected:
      'only administrators may do this, and user "admin" in project "admin" does not have the role; choose the cloud of an administrator with --os-cloud or OS_CLOUD (compute GET /v2.1/x: 403)',
  },
  {
    name: 'network',
    given: { status: 409, body: { NeutronError: { type: 'PortInUse', message: 'in use' } } },
    kind: 'conflict',
    expected: 'in use (compute GET /v2.1/x: 409)',
  },
  {
    name: 'no JSON',
    given: { status: 503, body: '<html>' },
    kind: 'unavailable',
    expected: 'Service Unavailable (compute GET /v2.1/x: 503)',
  },
  {
    name: 'success that is not JSON',
    given: { status: 200, body: '<html>' },
    kind: 'unavailable',
    expected: 'the reply is not JSON (compute GET /v2.1/x: 200)',
  },
];
for (const row of refusals) {
  test(`a refusal has the service's message, the request and the request id: ${row.name}`, async () => {
    cloud.answer('GET /v2.1/x', row.given);
    const error = await refusal(request(session, { service: 'compute', path: '/x' }));
    expect(isComputeError(error, row.kind)).toBe(true);
    expect(error?.message).toBe(row.expected);
  });
}

test('an unreachable address is reported with the remedy', async () => {
  const gone = await startRecordedCloud();
  await gone.stop();
  const error = await refusal(openSession(gone.credentials));
  expect(isComputeError(error, 'unavailable')).toBe(true);
  expect(error?.message).toContain(gone.origin);
  expect(error?.message).toMatch(/\(connection refused\).*novella up/);
});

const notKeystone: { name: string; given: RecordedReply; returned: string }[] = [
  { name: 'choices', given: { status: 300, body: { versions: [] } }, returned: '300' },
  { name: 'a page', given: { body: '<html>' }, returned: '200' },
  { name: 'no such path', given: { status: 404, body: {} }, returned: '404' },
];
test.each(notKeystone)('an auth_url of another service is refused: $name', async (row) => {
  const other = await startRecordedCloud();
  other.answer('POST /v3/auth/tokens', row.given);
  const error = await refusal(openSession(other.credentials));
  await other.stop();
  expect(isComputeError(error, 'unavailable')).toBe(true);
  expect(error?.message).toBe(
    `${other.origin}/v3 is not a Keystone (POST /v3/auth/tokens returned ${row.returned}); set auth_url to the identity service, such as http://127.0.0.1:5000/v3`,
  );
});

test('an untrusted certificate, and https called as http, are reported', async () => {
  const pem = { cert: readFileSync(tlsFiles.certificate), key: readFileSync(tlsFiles.key) };
  const server = createServer(pem).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const door = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const at = (origin: string) =>
    refusal(openSession({ ...cloud.credentials, authUrl: `${origin}/v3` }));
  expect((await at(`https://${door}`))?.message).toBe(
    `identity: https://${door}/v3/auth/tokens: its certificate is signed by an unknown authority; set cacert of the clouds.yaml or --os-cacert to your CA bundle`,
  );
  expect((await at(`http://${door}`))?.message).toMatch(
    /does not answer \([\w ]+\); should the URL use the other of http and https\?$/,
  );
  expect((await at(cloud.origin.replace('http:', 'https:')))?.message).toMatch(
    /does not answer \(ERR_SSL_\w+\); should the URL use the other of http and https\?$/,
  );
  server.closeAllConnections();
  server.close();
});

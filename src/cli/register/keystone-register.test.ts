import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerCompute } from './keystone-register.ts';
import type { Endpoint } from '#client/identity/catalog.ts';
import type { Session } from '#client/session/session.ts';

const url = 'http://controller:8774/v2.1';

let keystone: Server;
let session: Session;
let services: { id: string; type: string }[];
let endpoints: (Endpoint & { service_id: string })[];
let changes: string[];

/** The part of Keystone's catalog API that is used. */
function answer(method: string, path: string, body: Record<string, Record<string, string>>) {
  if (method !== 'GET') changes.push(`${method} ${path}`);
  if (path.startsWith('/v3/services')) {
    if (method === 'GET') return { services };
    const service = { id: 's1', type: '', ...body['service'] };
    services.push(service);
    return { service };
  }
  if (method === 'GET') return { endpoints };
  const sent = body['endpoint'] ?? {};
  if (method === 'POST') {
    const endpoint = { id: `e${endpoints.length}`, ...sent } as (typeof endpoints)[number];
    endpoints.push(endpoint);
    return { endpoint };
  }
  const endpoint = endpoints.find(({ id }) => path.endsWith(`/${id}`));
  return { endpoint: Object.assign(endpoint ?? {}, sent) };
}

beforeEach(async () => {
  [services, endpoints, changes] = [[], [], []];
  keystone = createServer((request, reply) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      const body = text === '' ? {} : JSON.parse(text);
      reply.setHeader('content-type', 'application/json');
      reply.end(JSON.stringify(answer(request.method ?? '', request.url ?? '', body)));
    });
  });
  await new Promise<void>((resolve) => keystone.listen(0, '127.0.0.1', resolve));
  const { port } = keystone.address() as AddressInfo;
  session = { token: 't', projectId: 'p', endpoints: { identity: `http://127.0.0.1:${port}` } };
});
afterEach(() => {
  keystone.closeAllConnections();
  keystone.close();
});

async function register(more: { replace?: boolean; dryRun?: boolean } = {}): Promise<string> {
  let messages = '';
  const screen = { write: (text: string) => (messages += text), isTerminal: false };
  const options = { region: 'RegionOne', project: 'service', domain: 'Default', ...more };
  await registerCompute(session, { url: `${url}/`, ...options }, screen);
  return messages;
}

test('the service and its three endpoints are created once', async () => {
  expect(await register()).toContain(`add     public    ${url}\n`);
  expect(changes).toEqual(['POST /v3/services', ...Array(3).fill('POST /v3/endpoints')]);
  expect(endpoints[0]).toEqual({
    id: 'e0',
    service_id: 's1',
    region_id: 'RegionOne',
    interface: 'public',
    url,
  });
  expect(await register()).toContain('Everything was registered already.');
  expect(changes).toHaveLength(4);
});

test('a dry run prints its changes and makes none', async () => {
  expect(await register({ dryRun: true })).toMatch(/add {5}service[\s\S]*Nothing was changed\./);
  expect(changes).toEqual([]);
});

test('an endpoint that leads elsewhere is changed only on request', async () => {
  await register();
  const other = endpoints[1];
  if (other !== undefined) other.url = 'http://old:8774/v2.1';
  endpoints.push({ ...endpoints[0], id: 'far', region_id: 'far' } as (typeof endpoints)[number]);
  await expect(register()).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('is http://old:8774/v2.1; --replace changes it'),
  });
  expect(await register({ replace: true })).toContain('(was http://old:8774/v2.1)');
  expect(changes.slice(4)).toEqual(['PATCH /v3/endpoints/e1']);
  expect(endpoints[1]?.url).toBe(url);
});

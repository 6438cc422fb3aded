/**
 * A server that stands for Keystone, Neutron and Glance: it signs every user in, and answers all
 * else as scripted.
 */
import type { Caller } from '#contracts/services/identity.ts';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectOpenStack, type OpenStackOptions } from '#integrations/openstack/connect.ts';

export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** An answer, or an action on the open connection. */
export type Reply =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | ((response: ServerResponse) => void);

/** Connection cut before an answer. */
export const cut: Reply = (response) => response.destroy();

/** A user with a token of its own. */
export const member: Caller = {
  userId: 'u',
  userName: 'demo',
  projectId: 'p1',
  projectName: 'demo',
  domainId: 'default',
  roles: ['member', 'reader'],
  isAdmin: false,
  token: 'user-token',
};

/** No answer. */
export const silence: Reply = () => undefined;

export type ScriptedOpenStack = Awaited<ReturnType<typeof scriptedOpenStack>>;

/**
 * `replies` are sent one after the other, the last one repeatedly. Sign-ins are not recorded but
 * counted; token n is `own-n`.
 */
export async function scriptedOpenStack(
  replies: Reply[] | ((received: ReceivedRequest) => Reply),
  options: Partial<OpenStackOptions> & { roles?: string[]; catalog?: unknown[] } = {},
) {
  const { roles = ['admin', 'service'], catalog = [], ...rest } = options;
  const received: ReceivedRequest[] = [];
  const time = { now: Date.parse('2026-11-23T07:15:00Z') };
  let signIns = 0;
  const tokenFor = (): Reply => ({
    status: 201,
    headers: { 'x-subject-token': `own-${++signIns}` },
    body: {
      token: {
        expires_at: new Date(time.now + 3_600_000).toISOString(),
        user: { name: 'nova', domain: { name: 'Default' } },
        project: { name: 'service', domain: { name: 'Default' } },
        roles: roles.map((name) => ({ name })),
        catalog,
      },
    },
  });
  const next = (request: ReceivedRequest): Reply => {
    if (request.method === 'POST' && request.path === '/v3/auth/tokens') return tokenFor();
    received.push(request);
    if (typeof replies === 'function') return replies(request);
    return replies[Math.min(received.length, replies.length) - 1] ?? silence;
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const reply = next({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? null : JSON.parse(text),
      });
      if (typeof reply === 'function') return reply(response);
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(reply.body === undefined ? '' : JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connectOpenStack({
    authUrl: url,
    user: {
      username: 'nova',
      password: 'secret',
      projectName: 'service',
      userDomainName: 'Default',
      projectDomainName: 'Default',
    },
    ...(catalog.length === 0 && { networkUrl: url, imageUrl: url }),
    clock: { now: () => time.now },
    retries: { most: 2, firstMs: 1, longestMs: 1 },
    timeoutMs: 10_000,
    ...rest,
  });
  return {
    url,
    client,
    received,
    time,
    signIns: () => signIns,
    async stop() {
      client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * The three embedded services over one fresh SQLite file, called through fastify's inject. For
 * tests.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { BootstrapUser } from '#embedded/identity/bootstrap.ts';
import { createIdentityService } from '#embedded/identity/service.ts';
import type { DiskSpace } from '#embedded/image/files/image-files.ts';
import { createImageService } from '#embedded/image/service.ts';
import type { HostNetworks } from '#embedded/network/requests/context.ts';
import { createNetworkService } from '#embedded/network/service.ts';
import { noLimits, type QuotaLimits } from '#core/quotas/limits.ts';
import { createIdentityStore } from '#integrations/database/services/identity-store.ts';
import { createImageStore } from '#integrations/database/services/image-store.ts';
import { createNetworkStore } from '#integrations/database/services/network-store.ts';
import { migratedSqlite } from '../migrated-database.ts';
import { silentLog } from '../silent-log.ts';

export const adminPassword = 'admin-secret';
export const demoPassword = 'demo-secret';

export interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape
  body: any;
  headers: Record<string, unknown>;
}

export interface AskOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Sends one request; `body` goes as JSON unless it is text or bytes. */
export async function ask(
  app: FastifyInstance,
  act: string,
  { token, body, headers }: AskOptions = {},
): Promise<Answer> {
  const [method = '', url = ''] = act.split(' ');
  const reply = await app.inject({
    method: method as 'GET',
    url,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { 'x-auth-token': token }),
      ...headers,
    },
    ...(body !== undefined && { payload: payloadOf(body) }),
  });
  const isJson = reply.body !== '' && String(reply.headers['content-type']).includes('json');
  return {
    status: reply.statusCode,
    body: isJson ? reply.json() : reply.body,
    headers: reply.headers,
  };
}

function payloadOf(body: unknown): string | Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** The body that signs a user in on a project of the default domain. */
export function signInBody(name: string, password: string, project: string) {
  const domain = { id: 'default' };
  return {
    auth: {
      identity: { methods: ['password'], password: { user: { name, password, domain } } },
      scope: { project: { name: project, domain } },
    },
  };
}

export type EmbeddedCloud = Awaited<ReturnType<typeof startEmbeddedCloud>>;

/** The host of the recorded exchanges, one that has only physnet2, and one with a switch. */
export const hosts: Record<string, HostNetworks> = {
  'peer-compute-1': networks(['physnet1', 'physnet2']),
  'peer-compute-2': networks(['physnet1']),
  'host-2': networks(['physnet2']),
  'switching-host': networks(['physnet1'], 'br-int'),
};

function networks(names: string[], offloadBridge: string | null = null): HostNetworks {
  return { physicalNetworks: new Set(names), offloadBridge };
}

/**
 * Users admin (project admin) and demo (project demo), and these users, whose password is
 * `demoPassword`. `time.now` can be set. `stop` removes its files.
 */
export async function startEmbeddedCloud({
  users = [],
  limits = {},
  keepFreeBytes,
  space,
}: {
  limits?: Partial<QuotaLimits>;
  /** Of the disk of the images, as the next. */
  keepFreeBytes?: number;
  space?: () => Promise<DiskSpace>;
  users?: Omit<BootstrapUser, 'password'>[];
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'novella-embedded-'));
  const db = await migratedSqlite<unknown>(join(folder, 'novella.sqlite'));
  const time = { now: Date.parse('2026-11-23T07:15:00Z') };
  const base = {
    clock: { now: () => time.now },
    newId: () => randomUUID(),
    log: silentLog,
  };
  const identity = await createIdentityService({
    ...base,
    store: createIdentityStore(db),
    users: [
      { name: 'admin', password: adminPassword, project: 'admin', role: 'admin' },
      { name: 'demo', password: demoPassword, project: 'demo', role: 'member' },
      ...users.map((user) => ({ ...user, password: demoPassword })),
    ],
    catalog: () => ({
      region: 'RegionOne',
      services: [
        { type: 'identity', name: 'keystone', url: 'http://127.0.0.1:5000/v3' },
        { type: 'compute', name: 'nova', url: 'http://127.0.0.1:8774/v2.1' },
        { type: 'network', name: 'neutron', url: 'http://127.0.0.1:9696' },
        { type: 'image', name: 'glance', url: 'http://127.0.0.1:9292' },
      ],
    }),
  });
  const network = createNetworkService({
    ...base,
    store: createNetworkStore(db),
    identity: identity.service,
    physicalNetworks: () => [{ name: 'physnet1', vlanRange: [100, 102] }, { name: 'physnet2' }],
    hostMappings: (host) => hosts[host],
    limitsOf: () => ({ ...noLimits, ...limits }),
  });
  const image = createImageService({
    ...base,
    store: createImageStore(db),
    identity: identity.service,
    folder: join(folder, 'images'),
    limitsOf: () => ({ ...noLimits, ...limits }),
    keepFreeBytes,
    ...(space !== undefined && { space }),
  });
  const signIn = async (name: string, password: string, project: string) => {
    const body = signInBody(name, password, project);
    const answer = await ask(identity.app, 'POST /v3/auth/tokens', { body });
    return String(answer.headers['x-subject-token']);
  };
  const stop = async () => {
    await identity.app.close();
    await network.app.close();
    await image.app.close();
    await db.destroy();
    rmSync(folder, { recursive: true });
  };
  return {
    db,
    time,
    identity,
    network,
    image,
    imageFolder: join(folder, 'images'),
    signIn,
    stop,
    adminToken: await signIn('admin', adminPassword, 'admin'),
    demoToken: await signIn('demo', demoPassword, 'demo'),
  };
}

/**
 * A cloud of this process to attack, with users of every role, and the proof that it still works
 * afterwards.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { bootstrap } from '#embedded/identity/bootstrap.ts';
import { createIdentityStore } from '#integrations/database/services/identity-store.ts';
import { migrate } from '#integrations/database/migrate.ts';
import { openSqlite } from '#integrations/database/sqlite/sqlite.ts';
import { freePorts, parseConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { signInBody } from '#test/worlds/embedded-cloud.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import type { Caller } from './hostile.ts';
import type { Target } from './play.ts';

export interface FuzzCloud {
  target: Target;
  /** Creates resources to name, where the last ones were deleted. */
  refill(): Promise<void>;
  /**
   * Lists of every service answer, a server boots, and all of it again after a restart. Throws
   * otherwise.
   */
  proveWhole(): Promise<void>;
  stop(): Promise<void>;
}

const password = 'fuzz';

export async function startFuzzCloud(): Promise<FuzzCloud> {
  const state = temporaryDirectory();
  const config = {
    ...parseConfig('rate_limits: { creations: 0 }', 'fuzz'),
    stateDir: join(state.path, 'state'),
    ports: freePorts,
  };
  mkdirSync(config.stateDir, { mode: 0o700 });
  await addUsers(join(config.stateDir, 'novella.sqlite'));
  let running = await startAllInOne(config, silentLog);
  let admin = await Cloud.at(running);
  const target: Target = {
    origins: originsOf(running),
    tokens: await tokensOf(running),
    ids: {
      server: [],
      flavor: [],
      image: [],
      network: [],
      port: [],
      group: [],
      user: [],
      project: [],
    },
  };
  const restart = async () => {
    await running.stop();
    running = await startAllInOne(config, silentLog);
    admin = await Cloud.at(running);
    target.origins = originsOf(running);
  };
  return {
    target,
    refill: () => refill(admin, target),
    async proveWhole() {
      await makeRoom(admin);
      await bootOne(admin);
      await restart();
      await bootOne(admin);
    },
    async stop() {
      await running.stop();
      state.remove();
    },
  };
}

async function addUsers(path: string): Promise<void> {
  const db = openSqlite<unknown>(path);
  await migrate(db);
  await bootstrap(createIdentityStore(db), randomUUID, [
    { name: 'fuzz-reader', password, project: 'demo', role: 'reader' },
    { name: 'fuzz-member', password, project: 'demo', role: 'member' },
    { name: 'fuzz-service', password, project: 'service', role: 'service' },
    { name: 'fuzz-admin', password, project: 'admin', role: 'admin' },
  ]);
  await db.destroy();
}

function originsOf({ urls }: AllInOne): Target['origins'] {
  const of = (url: string) => new URL(url).origin;
  const compute = of(urls.compute);
  const [identity, network, image] = [of(urls.identity), of(urls.network), of(urls.image)];
  return { compute, operator: compute, identity, network, image };
}

async function tokensOf({ urls }: AllInOne): Promise<Record<Caller, string | undefined>> {
  const token = async (role: string, project: string) => {
    const reply = await fetch(`${urls.identity}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(signInBody(`fuzz-${role}`, password, project)),
    });
    await reply.text();
    return reply.headers.get('x-subject-token') ?? undefined;
  };
  return {
    none: undefined,
    garbage: 'garbage',
    reader: await token('reader', 'demo'),
    member: await token('member', 'demo'),
    admin: await token('admin', 'admin'),
    service: await token('service', 'service'),
  };
}

/** The requests delete what was created, or it fills the quota: a refusal here is ignored. */
async function refill(admin: Cloud, { ids }: Target): Promise<void> {
  const add = (kind: keyof typeof ids, id: unknown) => {
    if (typeof id === 'string') ids[kind].push(id);
  };
  const made = async (
    service: 'compute' | 'network' | 'image' | 'identity',
    path: string,
    body: object,
  ) => (await admin.send(service, 'POST', path, { body })).body;
  const flavor = { name: `f-${randomUUID()}`, ram: 64, vcpus: 1, disk: 1 };
  add('flavor', (await made('compute', '/flavors', { flavor })).flavor?.id);
  const { network } = await made('network', '/networks', { network: { name: 'fuzz' } });
  add('network', network?.id);
  const subnet = { network_id: network?.id, ip_version: 4, cidr: '10.0.0.0/24' };
  await made('network', '/subnets', { subnet });
  const port = { network_id: network?.id, 'binding:vnic_type': 'direct' };
  add('port', (await made('network', '/ports', { port })).port?.id);
  const group = { name: 'g', policies: ['affinity'] };
  const { server_group: made1 } = await made('compute', '/os-server-groups', {
    server_group: group,
  });
  add('group', made1?.id);
  add('image', await newImage(admin));
  const server = {
    name: 'fuzz',
    flavorRef: ids.flavor.at(-1),
    imageRef: ids.image.at(-1),
    networks: 'none',
  };
  add(
    'server',
    (
      await admin.send('compute', 'POST', '/servers', {
        body: { server },
        headers: { 'openstack-api-version': 'compute 2.96' },
      })
    ).body.server?.id,
  );
  // Not those that send the requests: without them the rest is refused.
  const name = `fuzz-${randomUUID()}`;
  add('user', (await made('identity', '/users', { user: { name } })).user?.id);
  add('project', (await made('identity', '/projects', { project: { name } })).project?.id);
}

async function makeRoom(admin: Cloud): Promise<void> {
  const { servers } = await admin.ok('compute', 'GET', '/servers/detail?all_tenants=1');
  for (const { id } of servers) await admin.send('compute', 'DELETE', `/servers/${id}`);
  for (const { id } of servers) await admin.gone(id);
  const { services } = await admin.ok('compute', 'GET', '/os-services');
  for (const { host } of services) {
    const body = { host, binary: 'nova-compute', status: 'enabled', forced_down: false };
    const headers = { 'openstack-api-version': 'compute 2.53' };
    const { body: found } = await admin.send('compute', 'GET', `/os-services?host=${host}`, {
      headers,
    });
    const id = found.services[0]?.id;
    await admin.send('compute', 'PUT', `/os-services/${id}`, {
      headers,
      body: { status: body.status, forced_down: body.forced_down },
    });
  }
}

async function bootOne(admin: Cloud): Promise<void> {
  for (const path of [
    '/servers/detail?all_tenants=1',
    '/flavors/detail?is_public=None',
    '/os-hypervisors/detail',
    '/os-server-groups',
  ]) {
    await admin.ok('compute', 'GET', path);
  }
  for (const path of ['/networks', '/subnets', '/ports', '/security-groups']) {
    await admin.ok('network', 'GET', path);
  }
  await admin.ok('image', 'GET', '/v2/images?os_hidden=true');
  const imageRef = await newImage(admin);
  const { flavors } = await admin.ok('compute', 'GET', '/flavors');
  const server = { name: 'whole', imageRef, flavorRef: flavors[0].id, networks: 'none' };
  const headers = { 'openstack-api-version': 'compute 2.96' };
  const reply = await admin.send('compute', 'POST', '/servers', { headers, body: { server } });
  const { id } = reply.body.server;
  await admin.settled(id, 'ACTIVE');
  await admin.send('compute', 'DELETE', `/servers/${id}`);
  await admin.gone(id);
}

async function newImage(admin: Cloud): Promise<string> {
  const requested = { name: 'fuzz', disk_format: 'raw', container_format: 'bare' };
  const { id } = (await admin.send('image', 'POST', '/v2/images', { body: requested })).body;
  await admin.send('image', 'PUT', `/v2/images/${id}/file`, {
    bytes: new Uint8Array(1024),
    headers: { 'content-type': 'application/octet-stream' },
  });
  return id;
}

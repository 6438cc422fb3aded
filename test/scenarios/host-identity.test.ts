/**
 * How hosts join, and what a controller refuses, with agents in processes of their own: join
 * tokens, certificates, revocation, other clusters.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { enrolmentStore } from '#integrations/database/hosts/enrolments.ts';
import { openSqlite } from '#integrations/database/sqlite/sqlite.ts';
import type { ComputeTables } from '#integrations/database/engine/tables.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import {
  type AgentProcess,
  startAgentProcess,
  writeAgentConfig,
} from '#test/processes/agent-process.ts';
import { run } from '#test/processes/command.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { starter } from '#test/processes/starter.ts';
import { giveEndlessToken } from '#test/databases/endless-token.ts';
import { tlsFiles } from '#test/tls/tls-files.ts';
import { silentLog } from '#test/silent-log.ts';

const timeoutMs = 120_000;
const linked = /^connected to the controller$/;

let state: ReturnType<typeof temporaryDirectory>;
const agents: AgentProcess[] = [];
const controllers: AllInOne[] = [];
beforeEach(() => {
  state = temporaryDirectory();
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.kill();
  for (const controller of controllers.splice(0)) await controller.stop();
  state.remove();
}, timeoutMs);

const file = (...names: string[]) => join(state.path, ...names);

/** A cluster without hosts. */
async function aCluster(name = 'controller', change: object = {}) {
  const simulated = { kind: 'captured' as const, hosts: [] };
  const stateDir = file(name);
  const config = { ...readConfig(), stateDir, simulated, ports: freePorts, ...change };
  const controller = await startAllInOne(config, silentLog);
  controllers.push(controller);
  const cloud = await Cloud.at(controller);
  const enroll = async (host: string, body: object = {}) => {
    const { enrolment } = await cloud.ok('operator', 'POST', `/hosts/${host}/enrolment`, body);
    return enrolment as { token: string; controller: string };
  };
  return { controller, cloud, enroll, database: join(stateDir, 'novella.sqlite') };
}

type Enrolled = Awaited<ReturnType<Awaited<ReturnType<typeof aCluster>>['enroll']>>;

function configOf(host: string, { token, controller }: Enrolled, folder = host): string {
  return writeAgentConfig({ folder: file(folder), controllerUrl: controller, host, token });
}

function start(config: string): AgentProcess {
  const agent = startAgentProcess(config);
  agents.push(agent);
  return agent;
}

/** The first report is recorded: servers can be placed. */
async function hostIsUp(cloud: Cloud): Promise<void> {
  await cloud.until(async () => {
    const { hosts } = await cloud.ok('operator', 'GET', '/hosts');
    return { done: hosts[0]?.state === 'up', value: hosts };
  });
}

/** `novella join` with the agent's configuration. */
const joinWith = (config: string, ...token: string[]) =>
  run(process.execPath, [starter, 'join', '--config', config, ...token]);

const identityOf = (folder: string) =>
  JSON.parse(readFileSync(file(folder, 'state/identity/identity.json'), 'utf8'));

async function change(
  database: string,
  act: (db: ReturnType<typeof openSqlite<ComputeTables>>) => Promise<unknown>,
): Promise<void> {
  const db = openSqlite<ComputeTables>(database);
  try {
    await act(db);
  } finally {
    await db.destroy();
  }
}

test(
  'novella join reports the result; the agent then needs no token, and lists its certificate',
  async () => {
    const { cloud, enroll } = await aCluster();
    const config = configOf('hv1', await enroll('hv1'));
    const joined = await joinWith(config);
    expect([joined.code, joined.stdout]).toEqual([
      0,
      expect.stringMatching(/^Host hv1 has joined https:.+; its certificate is valid until 20/),
    ]);
    const doctor = await run(process.execPath, [starter, 'doctor', '--json', '--config', config]);
    expect((JSON.parse(doctor.stdout) as { checks: object[] }).checks.at(-1)).toMatchObject({
      name: 'Certificate',
      level: 'ok',
      found: expect.stringMatching(/^of host hv1, until \S+Z$/),
    });
    writeFileSync(config, readFileSync(config, 'utf8').replace(/^token_file:.*\n/m, ''));
    await start(config).waitForLog(linked);
    const { enrolments } = await cloud.ok('operator', 'GET', '/hosts/enrolments');
    expect(enrolments).toMatchObject([
      { host: 'hv1', join_expires_at: null, link: { address: '127.0.0.1' } },
    ]);
    const [{ certificate }] = enrolments;
    const days = (Date.parse(certificate.not_after) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(90, 1);
    const again = await enroll('hv1').catch(String);
    expect(again).toContain('Host hv1 is enrolled already');
  },
  timeoutMs,
);

test(
  'a token that was used, by another key, has expired, or is of another host is refused',
  async () => {
    const { enroll, database } = await aCluster();
    const first = await enroll('hv1');
    const config = configOf('hv1', first);
    expect((await joinWith(config)).code).toBe(0);
    const twice = await joinWith(configOf('hv1', first, 'copied'));
    expect([twice.code, twice.stderr]).toEqual([
      1,
      'novella: The join token of host hv1 was used already, by another key. If the agent of this ' +
        'host has joined with it, nothing is left to do; otherwise make a new token with ' +
        '"novella host enroll hv1 --replace".\n',
    ]);
    // The same key gets the same certificate: its first answer may have been lost.
    const before = identityOf('hv1');
    const { token, joinTokenSha256, ...rest } = { ...before, ...first };
    const pending = { purpose: `join with ${joinTokenSha256}`, key: rest.key };
    writeFileSync(file('hv1/state/identity/pending-key.json'), JSON.stringify(pending));
    expect((await joinWith(config, token)).code).toBe(0);
    expect(identityOf('hv1')).toEqual(before);

    const other = await enroll('hv2');
    const impostor = await joinWith(configOf('hv3', other));
    expect(impostor.stderr).toBe(
      'novella: This is the token or certificate of host hv2, not of hv3.\n',
    );
    await change(database, (db) =>
      db
        .updateTable('host_enrolments')
        .set({ join_expires_at: Date.now() - 1_000 })
        .where('host', '=', 'hv2')
        .execute(),
    );
    expect((await joinWith(configOf('hv2', other))).stderr).toMatch(
      /^novella: The join token of host hv2 expired at \S+Z; the controller's clock is at \S+Z\.\n$/,
    );
    const newest = await enroll('hv2');
    expect((await joinWith(configOf('hv2', other))).stderr).toContain(
      'The join token is not known: a newer one was made',
    );
    expect((await joinWith(configOf('hv2', newest))).code).toBe(0);
  },
  timeoutMs,
);

test(
  'a token of another cluster, or one that was cut off, is not even sent',
  async () => {
    const [one, other] = [await aCluster('one'), await aCluster('other')];
    const { token } = await one.enroll('hv1');
    const { controller } = await other.enroll('hv1');
    const foreign = await joinWith(configOf('hv1', { token, controller }));
    const authorityOf = (text: string) => text.split('.')[1];
    expect(foreign.stderr).toContain(`the token is for authority ${authorityOf(token)}`);
    expect(foreign.stderr).toMatch(/is not trusted: its authority is [0-9a-f]{64}, and/);
    const half = token.slice(0, 80);
    const cut = await joinWith(configOf('hv1', { token: half, controller }));
    expect(cut.stderr).toBe('novella: the join token is not complete; was it cut off?\n');
    const noTls = { token, controller: other.controller.urls.compute.replace('/v2.1', '') };
    expect((await joinWith(configOf('hv1', noTls))).stderr).toContain('must begin with https');
    const api = { token, controller: noTls.controller.replace('http:', 'https:') };
    expect((await joinWith(configOf('hv1', api))).stderr).toContain('does not speak TLS');
  },
  timeoutMs,
);

test(
  'a revoked host is disconnected at once, and joins again without a restart',
  async () => {
    const { cloud, enroll } = await aCluster();
    const agent = start(configOf('hv1', await enroll('hv1')));
    await agent.waitForLog(linked);
    await cloud.send('operator', 'DELETE', '/hosts/hv1/enrolment');
    expect(await agent.waitForLog(/closed the link/)).toBe(
      'the controller closed the link: The certificate of host hv1 was revoked. Make a join token with "novella host enroll hv1 --replace", and put it into token_file of this agent; trying again',
    );
    expect((await cloud.ok('operator', 'GET', '/hosts/enrolments')).enrolments).toMatchObject([
      { link: null, revoked_at: expect.any(String) },
    ]);
    const { token } = await enroll('hv1');
    writeFileSync(file('hv1/token'), token);
    await agent.waitForLog(linked, 2);
  },
  timeoutMs,
);

test(
  'a certificate is replaced on request; the older one is refused once the host has connected',
  async () => {
    const { cloud, enroll } = await aCluster();
    const first = await enroll('hv1');
    const agent = start(configOf('hv1', first));
    await agent.waitForLog(linked);
    await hostIsUp(cloud);
    const older = identityOf('hv1');
    expect((await cloud.send('operator', 'POST', '/hosts/hv1/certificate')).status).toBe(204);
    await agent.waitForLog(linked, 2);
    expect(identityOf('hv1').key).not.toBe(older.key);
    expect(agent.entries).not.toContainEqual(expect.stringMatching(/trying again$/));
    // Whoever has the older key.
    const copy = configOf('hv1', first, 'copy');
    mkdirSync(file('copy/state/identity'), { recursive: true });
    writeFileSync(file('copy/state/identity/identity.json'), JSON.stringify(older));
    const other = start(copy);
    expect(await other.waitForLog(/refuses this host/)).toContain(
      'The certificate of host hv1 was revoked.',
    );
    expect((await cloud.ok('operator', 'GET', '/hosts/enrolments')).enrolments).toMatchObject([
      { certificate: { revoked_at: null }, link: { address: '127.0.0.1' } },
    ]);
  },
  timeoutMs,
);

test(
  'a host that another process over the database revokes is disconnected, and refused at once',
  async () => {
    const { cloud, enroll, database } = await aCluster();
    const agent = start(configOf('hv1', await enroll('hv1')));
    await agent.waitForLog(linked);
    await change(database, (db) => enrolmentStore(db).revoke('hv1', Date.now()));
    await agent.waitForLog(/closed the link: The certificate of host hv1 was revoked/);
    await agent.waitForLog(/refuses this host: The certificate of host hv1 was revoked/);
    expect((await cloud.ok('operator', 'GET', '/hosts/enrolments')).enrolments).toMatchObject([
      { link: null },
    ]);
  },
  timeoutMs,
);

test(
  'a certificate is renewed in time, with a new key, while servers boot and reboot',
  async () => {
    // The shortest that a busy machine can follow.
    const { cloud, enroll } = await aCluster('controller', { hostCertificateMs: 20_000 });
    const agent = start(configOf('hv1', await enroll('hv1')));
    await agent.waitForLog(linked);
    const first = identityOf('hv1');
    await hostIsUp(cloud);
    const id = await cloud.boot([]);
    await cloud.settled(id, 'ACTIVE');
    let isOver = false;
    const rebooting = (async () => {
      for (let count = 0; ; count++) {
        await cloud.ok('compute', 'POST', `/servers/${id}/action`, { reboot: { type: 'HARD' } });
        await cloud.settled(id, 'ACTIVE');
        if (isOver) return count;
      }
    })();
    await agent.waitForLog(/^the certificate was renewed$/, 2);
    await agent.waitForLog(linked, 3);
    isOver = true;
    expect(await rebooting).toBeGreaterThan(1);
    expect(agent.entries).not.toContainEqual(expect.stringMatching(/trying again$/));
    const second = identityOf('hv1');
    expect(second.key).not.toBe(first.key);
    const { instanceActions } = await cloud.ok(
      'compute',
      'GET',
      `/servers/${id}/os-instance-actions`,
    );
    expect(instanceActions.filter(({ message }: { message: unknown }) => message !== null)).toEqual(
      [],
    );
    expect(await agent.stop()).toBe(0);
  },
  timeoutMs,
);

test(
  'an agent with a token of version 0.2 works, gets a certificate, and its token is revoked',
  async () => {
    const { controller, cloud, database } = await aCluster('controller', { tls: tlsFiles });
    await change(database, (db) => giveEndlessToken(db, 'hv1', 'novella-host-old'));
    const config = writeAgentConfig({
      folder: file('hv1'),
      controllerUrl: new URL(controller.urls.compute).origin,
      host: 'hv1',
      token: 'novella-host-old',
      caFile: tlsFiles.caFile,
    });
    const agent = start(config);
    await agent.waitForLog(/^the token was replaced by a certificate$/);
    await agent.waitForLog(linked, 2);
    await cloud.until(async () => {
      const { enrolments } = await cloud.ok('operator', 'GET', '/hosts/enrolments');
      return { done: enrolments[0]?.has_endless_token === false, value: enrolments };
    });
    await hostIsUp(cloud);
    await cloud.settled(await cloud.boot([]), 'ACTIVE');
    expect(agent.entries).not.toContainEqual(expect.stringMatching(/trying again$/));
    await agent.stop();
    // Its configuration stays as it was.
    const again = start(config);
    await again.waitForLog(linked);
    const stolen = start(
      writeAgentConfig({
        folder: file('stolen'),
        controllerUrl: new URL(controller.urls.compute).origin,
        host: 'hv1',
        token: 'novella-host-old',
        caFile: tlsFiles.caFile,
      }),
    );
    expect(await stolen.waitForLog(/refuses this host/)).toContain('The token is not known.');
  },
  timeoutMs,
);

test(
  'an agent with a token of version 0.2 whose controller’s port for hosts it cannot reach keeps the token',
  async () => {
    // Nothing listens there.
    const publicUrls = { hosts: 'https://127.0.0.1:1' };
    const { controller, cloud, database } = await aCluster('controller', { publicUrls });
    await change(database, (db) => giveEndlessToken(db, 'hv1', 'novella-host-old'));
    const controllerUrl = controller.urls.compute.replace('/v2.1', '');
    const enrolled = { token: 'novella-host-old', controller: controllerUrl };
    const agent = start(configOf('hv1', enrolled));
    expect(await agent.waitForLog(/^cannot replace the token/)).toBe(
      'cannot replace the token by a certificate: the controller at https://127.0.0.1:1 does not answer (ECONNREFUSED)',
    );
    await hostIsUp(cloud);
    await cloud.settled(await cloud.boot([]), 'ACTIVE');
  },
  timeoutMs,
);

test(
  'nothing listens for hosts before the first enrolment, which is refused while the port is in use',
  async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { cloud, controller } = await aCluster('controller', {
      ports: { ...freePorts, hosts: port },
    });
    const enrolment = () => cloud.send('operator', 'POST', '/hosts/hv1/enrolment', { body: {} });
    const refused = await enrolment();
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      503,
      expect.stringContaining(`hosts: 127.0.0.1:${port} is in use by another program`),
    ]);
    await new Promise((resolve) => other.close(resolve));
    const { token } = (await enrolment()).body.enrolment;
    expect(token).toMatch(/^novella-join-/);
    // From then on it listens with each start.
    await controller.stop();
    controllers.splice(0);
    const again = await aCluster('controller', { ports: { ...freePorts, hosts: port } });
    const agent = start(configOf('hv1', { token, controller: `https://127.0.0.1:${port}` }));
    await agent.waitForLog(linked);
    await hostIsUp(again.cloud);
    await again.cloud.settled(await again.cloud.boot([]), 'ACTIVE');
  },
  timeoutMs,
);

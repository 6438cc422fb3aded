/** The agent's side of its identity, against a controller's port for hosts in this process. */
import { ControllerAddresses } from './controller-addresses.ts';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { generateHostKey } from '#runtime/keys/host-key.ts';
import { aHostsPort, type HostsPort } from '#test/links/hosts-port.ts';
import { quickTiming } from '#test/worlds/host-links.ts';
import { type RecordedLog, recordedLog } from '#test/recorded-log.ts';
import { dialController } from '../dial.ts';
import { AgentIdentity } from './agent-identity.ts';
import { clusterTls } from './cluster-tls.ts';
import { inspectController } from './inspect-controller.ts';
import { keepRenewed } from './keep-renewed.ts';
import { requestCertificate } from './request-certificate.ts';
import { tlsProblem } from './tls-problem.ts';

const dayMs = 86_400_000;
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function aPort(): Promise<HostsPort> {
  const port = await aHostsPort();
  opened.push(() => port.stop());
  return port;
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'novella-identity-'));
  opened.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

function anAgent(url: string, folder: string, token?: () => string | undefined, host = 'hv1') {
  const log = recordedLog();
  const controllers = new ControllerAddresses([url]);
  const options = { host, controllers, folder, token: token ?? (() => undefined), log };
  return { identity: new AgentIdentity(options), log };
}

const fileOf = (folder: string) => join(folder, 'identity', 'identity.json');
const storedIn = (folder: string) => JSON.parse(readFileSync(fileOf(folder), 'utf8'));

/** The first message of an agent that dials with this identity. */
async function firstMessage(identity: AgentIdentity): Promise<string> {
  const log: RecordedLog = recordedLog();
  const dial = dialController({
    host: 'hv1',
    connection: () => identity.connection(),
    onLink: (link) => link.close(),
    log,
    timing: quickTiming,
  });
  await vi.waitFor(() => expect(log.entries.length).toBeGreaterThan(0));
  await dial.close();
  return log.entries[0] ?? '';
}

test('an agent joins once; key and certificate are readable by their owner only, and no key is left pending', async () => {
  const port = await aPort();
  const folder = aFolder();
  const token = await port.tokenOf('hv1');
  const { identity } = anAgent(port.url, folder, () => token);
  const [first, second] = await Promise.all([identity.connection(), identity.connection()]);
  expect(second).toEqual({
    ...first,
    tls: { ...first.tls, checkServerIdentity: expect.anything() },
  });
  expect(statSync(fileOf(folder)).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'identity')).mode & 0o777).toBe(0o700);
  expect(existsSync(join(folder, 'identity', 'pending-key.json'))).toBe(false);
  expect(await firstMessage(anAgent(port.url, folder).identity)).toBe(
    'info connected to the controller',
  );
});

test('an agent joins at the first of its controllers that answers', async () => {
  const port = await aPort();
  const token = await port.tokenOf('hv1');
  const [away, gone] = ['https://127.0.0.1:1', 'https://127.0.0.1:2'];
  const among = (urls: string[]) =>
    new AgentIdentity({
      host: 'hv1',
      controllers: new ControllerAddresses(urls, () => 0),
      folder: aFolder(),
      token: () => undefined,
      log: recordedLog(),
    });
  await expect(among([away, gone]).join(token)).rejects.toThrow(
    `the controller at ${away} does not answer (ECONNREFUSED); the controller at ${gone} does not answer (ECONNREFUSED)`,
  );
  const joined = await among([away, gone, port.url]).join(token);
  expect(joined.controller).toBe(port.url);
});

test('an agent whose answer was lost repeats the request with its key, and gets the same certificate', async () => {
  const port = await aPort();
  const folder = aFolder();
  const token = await port.tokenOf('hv1');
  const { identity } = anAgent(port.url, folder, () => token);
  await identity.connection();
  const joined = storedIn(folder);
  // As if the agent had been killed before it could keep the answer.
  const pending = { purpose: `join with ${joined.joinTokenSha256}`, key: joined.key };
  rmSync(fileOf(folder));
  writeFileSync(join(folder, 'identity', 'pending-key.json'), JSON.stringify(pending));
  await anAgent(port.url, folder, () => token).identity.connection();
  expect(storedIn(folder)).toEqual(joined);
});

test('an agent without token and certificate reports what to do', async () => {
  const { identity } = anAgent('https://127.0.0.1:1', aFolder());
  await expect(identity.connection()).rejects.toThrow(
    /^host hv1 has no certificate in .+, and no token: run "novella host enroll hv1" on the controller/,
  );
});

test('an unusable new token does not keep a host with a certificate away', async () => {
  const port = await aPort();
  const folder = aFolder();
  let token = await port.tokenOf('hv1');
  const { identity, log } = anAgent(port.url, folder, () => token);
  await identity.connection();
  token = `novella-join-${'x'.repeat(43)}.${await port.world.context.authority.fingerprint()}`;
  expect(await firstMessage(identity)).toBe('info connected to the controller');
  await identity.connection();
  const refused = /^warn cannot join with the new token: The join token is not known/;
  expect(log.entries.filter((entry) => refused.test(entry))).toHaveLength(1);
});

test('the identity of another host, and a damaged one, are not used', async () => {
  const port = await aPort();
  const folder = aFolder();
  const token = await port.tokenOf('hv1');
  await anAgent(port.url, folder, () => token).identity.connection();
  const renamed = anAgent(port.url, folder, undefined, 'hv2').identity;
  await expect(renamed.connection()).rejects.toThrow('is the identity of host hv1, not of hv2');
  writeFileSync(fileOf(folder), readFileSync(fileOf(folder), 'utf8').slice(0, 100));
  const { identity } = anAgent(port.url, folder);
  await expect(identity.connection()).rejects.toThrow(/identity\.json: is damaged .+ join again/);
});

test('a host of one cluster that dials another one reports both authorities', async () => {
  const [one, other] = [await aPort(), await aPort()];
  const folder = aFolder();
  const token = await one.tokenOf('hv1');
  await anAgent(one.url, folder, () => token).identity.connection();
  const [own, foreign] = await Promise.all(
    [one, other].map(({ world }) => world.context.authority.fingerprint()),
  );
  expect(await firstMessage(anAgent(other.url, folder).identity)).toBe(
    `warn the controller at ${other.url} is not trusted: it is of another cluster: its authority is ${foreign}, and this host's certificate is of authority ${own}; trying again`,
  );
});

test.each(['<html>Welcome</html>', '[]', 'null', '{"certificate": 1}'])(
  'an answer %s in place of a certificate is refused, with a reason',
  async (answer) => {
    const port = await aPort();
    const tls = await port.world.context.authority.controller();
    const server = createServer({ ...tls }, (_request, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(() => new Promise((resolve) => server.close(resolve)));
    const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
    const key = await generateHostKey();
    const trust = clusterTls(await port.world.context.authority.certificate());
    const request = { url, host: 'hv1', key, tls: trust, headers: {} };
    await expect(requestCertificate(request)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/answered with no certificate of this host's key/),
    });
  },
);

test('another host’s certificate does not make a controller', async () => {
  const port = await aPort();
  const folder = aFolder();
  const token = await port.tokenOf('hv1');
  await anAgent(port.url, folder, () => token).identity.connection();
  const server = createServer(await port.joined('hv2'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => new Promise((resolve) => server.close(resolve)));
  const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
  expect(await firstMessage(anAgent(url, folder).identity)).toBe(
    `warn the controller at ${url} is not trusted: its certificate is not one of a controller; trying again`,
  );
});

test.each([
  { name: 'behind', code: 'CERT_NOT_YET_VALID', byDays: -60 },
  { name: 'ahead', code: 'CERT_HAS_EXPIRED', byDays: 400 },
])('a machine whose clock is $name gets both times, and what to do', async ({ code, byDays }) => {
  const port = await aPort();
  const began = Date.now();
  const now = began + byDays * dayMs;
  const tls = clusterTls(port.authority);
  const text = await tlsProblem(
    Object.assign(new Error(code), { code }),
    { url: port.url, tls },
    now,
  );
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  expect(text).toMatch(
    new RegExp(
      `^its certificate is valid from ${day(began - dayMs / 24)}T.+ to .+, and this machine's clock is at ${day(now)}T.+, the controller's at ${day(began)}T.+: set the clock that is wrong$`,
    ),
  );
});

test('a controller whose certificate is not valid yet is not trusted, and the times are named', async () => {
  const port = await aPort();
  port.world.time.now += 300 * dayMs;
  const server = createServer(
    await port.world.context.authority.controller(),
    (_request, response) => {
      response.end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => new Promise((resolve) => server.close(resolve)));
  const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
  const tls = clusterTls(port.authority);
  const wish = { url, host: 'hv1', key: await generateHostKey(), tls, headers: {} };
  await expect(requestCertificate(wish)).rejects.toThrow(
    /is not trusted: its certificate is valid from .+, and this machine's clock is at /,
  );
});

test('the port for hosts gets a new certificate without a restart, and requests those of hosts as before', async () => {
  const port = await aHostsPort({ renewMs: 20 });
  opened.push(() => port.stop());
  const shown = async () => (await inspectController(port.url)).certificate.serialNumber;
  const before = await shown();
  expect(await shown()).toBe(before);
  const own = await port.joined('hv1');
  port.world.time.now += 245 * dayMs;
  await vi.waitFor(async () => expect(await shown()).not.toBe(before));
  // The new one is of the future, by the clock of this machine.
  const insecure = { ...own, rejectUnauthorized: false };
  const { body } = await port.send('/novella/v1/images/x/content', insecure);
  expect(body.message).toContain('The certificate of host hv1 expired');
});

test('a certificate is renewed at two thirds of its life; a failure is reported, and repeated', async () => {
  const validity = { notBefore: 0, notAfter: 300 };
  const time = { now: 100 };
  const log = recordedLog();
  let tries = 0;
  const renewed = Promise.withResolvers<void>();
  const identity = {
    validity: () => validity,
    async renew() {
      if (++tries < 3) throw new Error('no answer');
      Object.assign(validity, { notBefore: 1_000_000, notAfter: 2_000_000 });
    },
  };
  const keeping = keepRenewed(identity, {
    log,
    onRenewed: renewed.resolve,
    clock: { now: () => time.now },
  });
  opened.push(() => keeping.stop());
  expect(tries).toBe(0);
  time.now = 200;
  await renewed.promise;
  expect(tries).toBe(3);
  expect(log.entries).toEqual(
    Array(2).fill(
      'warn cannot renew the certificate, which is valid until 1970-01-01T00:00:00Z: no answer',
    ),
  );
});

test('by a clock that is far ahead no certificate is new enough, and none is requested at once again', async () => {
  const validity = { notBefore: 0, notAfter: 90 * dayMs };
  let tries = 0;
  const identity = {
    validity: () => validity,
    async renew() {
      tries += 1;
    },
  };
  const keeping = keepRenewed(identity, {
    log: recordedLog(),
    onRenewed: () => undefined,
    clock: { now: () => 80 * dayMs },
  });
  opened.push(() => keeping.stop());
  await vi.waitFor(() => expect(tries).toBeGreaterThan(0));
  await pause(50);
  expect(tries).toBe(1);
});

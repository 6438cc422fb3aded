import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { sha256OfToken } from '#runtime/token-hash.ts';
import type { AgentEnd } from '#contracts/host/host-link.ts';
import { aDial, aHostDoor, type TestDoorOptions } from '#test/worlds/host-links.ts';
import { recordedLog } from '#test/recorded-log.ts';
import { tlsFiles } from '#test/tls/tls-files.ts';
import { ControllerAddresses } from './identity/controller-addresses.ts';
import { socketUrl } from './dial.ts';
import type { Admission, HostCredential } from '#contracts/host/identity/host-credential.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

async function aDoor(options: TestDoorOptions = {}) {
  const door = await aHostDoor(options);
  opened.push(door);
  return door;
}

function anAgent(url: string | ControllerAddresses, more: Parameters<typeof aDial>[1] = {}) {
  const log = recordedLog();
  const links: AgentEnd[] = [];
  const dial = aDial(url, { log, ...more, onLink: (end) => links.push(end) });
  opened.push(dial);
  return { log, links, dial };
}

const only =
  (token: string) =>
  async (credential: HostCredential): Promise<Admission> =>
    credential.kind === 'token' && credential.sha256 === sha256OfToken(token)
      ? { host: 'host-1' }
      : { status: 401, message: 'The token is unknown or revoked.' };

test.each([
  ['http://192.0.2.1:8774', 'ws://192.0.2.1:8774/novella/v1/host-link'],
  ['https://cloud.example/', 'wss://cloud.example/novella/v1/host-link'],
])('the link of %s is at %s', (url, gives) => {
  expect(socketUrl(url)).toBe(gives);
});

test('after each cut the agent dials again', async () => {
  const door = await aDoor();
  const { links, log } = anAgent(door.url);
  for (const count of [1, 2, 3]) {
    await vi.waitFor(() => expect(links).toHaveLength(count));
    await vi.waitFor(() => expect(door.door.linked()).toHaveLength(1));
    door.cut();
  }
  expect(log.entries).toContainEqual(
    expect.stringMatching(/^warn the link to the controller is down \(.+\); trying again$/),
  );
});

test('of several controllers the next one is dialled when a link ends, or one does not answer', async () => {
  const [first, second] = [await aDoor(), await aDoor()];
  const silent = 'http://127.0.0.1:1';
  const addresses = new ControllerAddresses([silent, first.url, second.url], () => 0);
  const { links } = anAgent(addresses, { timing: { firstPauseMs: 1, longestPauseMs: 600_000 } });
  for (const [count, door] of [first, second, first, second].entries()) {
    await vi.waitFor(() => expect(links).toHaveLength(count + 1));
    await vi.waitFor(() => expect(door.door.linked()).toHaveLength(1));
    door.cut();
  }
});

test('an agent that starts before its controller links as soon as the controller is up', async () => {
  const closed = await aHostDoor();
  await closed.close();
  const { log, links } = anAgent(closed.url);
  await vi.waitFor(() => expect(log.entries.length).toBeGreaterThan(2));
  expect(log.entries[0]).toBe(
    `warn the controller at ${closed.url} does not answer (ECONNREFUSED); trying again`,
  );
  // A repeated problem is not logged again.
  expect(log.entries[1]).toMatch(/^debug /);
  await aDoor({ port: Number(new URL(closed.url).port) });
  await vi.waitFor(() => expect(links).toHaveLength(1));
});

test('a refused token is reported with the remedy, and retried when it has been replaced', async () => {
  const door = await aDoor({ admit: only('new') });
  let token = 'old';
  const { log, links } = anAgent(door.url, { token: () => token });
  await vi.waitFor(() => expect(log.entries.length).toBeGreaterThan(0));
  expect(log.entries[0]).toBe(
    'warn the controller refuses this host: The token is unknown or revoked. Make a join token with "novella host enroll host-1 --replace", and put it into token_file of this agent; trying again',
  );
  token = 'new';
  await vi.waitFor(() => expect(links).toHaveLength(1));
});

test('an unreadable token is reported, and read again', async () => {
  const door = await aDoor();
  let exists = false;
  const token = () => {
    if (exists) return 'secret';
    throw new Error('/etc/novella/token: no such file');
  };
  const { log, links } = anAgent(door.url, { token });
  await vi.waitFor(() => expect(log.entries.length).toBeGreaterThan(0));
  expect(log.entries[0]).toBe('warn /etc/novella/token: no such file; trying again');
  exists = true;
  await vi.waitFor(() => expect(links).toHaveLength(1));
});

test('an untrusted certificate is reported, with the key that names certificate authorities', async () => {
  const pem = { cert: readFileSync(tlsFiles.certificate), key: readFileSync(tlsFiles.key) };
  const other = createTlsServer(pem);
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  opened.push({ close: () => new Promise((resolve) => other.close(() => resolve())) });
  const url = `https://127.0.0.1:${(other.address() as { port: number }).port}`;
  const { log } = anAgent(url);
  await vi.waitFor(() =>
    expect(log.entries[0]).toBe(
      `warn the controller at ${url} is not trusted: its certificate is signed by an unknown authority; set ca_file to your CA bundle; trying again`,
    ),
  );
});

test('an address without a controller is reported', async () => {
  const other = createServer((_request, response) => void response.writeHead(404).end('no'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  opened.push({ close: () => new Promise((resolve) => other.close(() => resolve())) });
  const { port } = other.address() as { port: number };
  const { log } = anAgent(`http://127.0.0.1:${port}`);
  await vi.waitFor(() =>
    expect(log.entries[0]).toBe(
      'warn it answered 404: is the address of the controller right?; trying again',
    ),
  );
});

test('a controller that answers no ping is gone: the agent closes the link and dials again', async () => {
  const dead = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false });
  await new Promise((resolve) => dead.once('listening', resolve));
  opened.push({
    close: () => {
      for (const socket of dead.clients) socket.terminate();
      return new Promise((resolve) => dead.close(() => resolve()));
    },
  });
  const { port } = dead.address() as { port: number };
  const { links } = anAgent(`http://127.0.0.1:${port}`, { timing: { livenessMs: 20 } });
  await vi.waitFor(() => expect(links.length).toBeGreaterThan(1));
});

test('close stops dialling at once, whatever it is doing', async () => {
  const door = await aDoor({ admit: only('other') });
  const { dial, log } = anAgent(door.url, { timing: { patientPauseMs: 600_000 } });
  await vi.waitFor(() => expect(log.entries).toHaveLength(1));
  await dial.close();
});

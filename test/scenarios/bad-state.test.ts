/**
 * A damaged state directory ends the start with a message that names the file and the remedy;
 * nothing in it is changed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { startNovella, temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { canHaveSmallDisk, onSmallDisk, smallDisk } from '#test/processes/small-disk.ts';
import { starter } from '#test/processes/starter.ts';

const timeout = 120_000;

let state: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  state = temporaryDirectory();
});
afterEach(() => state.remove());

const file = (...names: string[]) => join(state.path, ...names);

const config = () => ({ ...readConfig(), stateDir: state.path, ports: freePorts });

/** The error that ends the start. */
async function refusal(): Promise<string> {
  const cloud = await startAllInOne(config(), silentLog).catch((error: unknown) => error);
  if (!(cloud instanceof ComputeError)) throw new Error('it started', { cause: cloud });
  expect(cloud.kind).not.toBe('bug');
  return cloud.message;
}

/** What `novella up` writes to standard error until it ends, and its exit status. */
async function end(stateDir: string, within: string[]): Promise<[number, string]> {
  const up = [starter, 'up', '--free-ports', '--log-level', 'error', '--state-dir', stateDir];
  const [command = '', ...args] = [...within, process.execPath, ...up];
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return [code, text];
}

/** A cloud that had a server, and was stopped. */
async function usedState(): Promise<string> {
  const running = await startAllInOne(config(), silentLog);
  const cloud = await Cloud.at(running);
  const id = await cloud.boot([{ uuid: await cloud.network('red') }]);
  await cloud.settled(id, 'ACTIVE');
  await running.stop();
  return id;
}

const sentence = (expected: string) => new RegExp(`^[^\n]*${expected}[^\n]*$`);

test('a damaged database ends the start', { timeout }, async () => {
  await usedState();
  const path = file('novella.sqlite');
  const whole = readFileSync(path);
  const wayOut = 'restore a backup into it: novella restore BACKUP --state-dir DIR --replace';

  // A page in the middle, which the start does not need.
  const torn = Buffer.from(whole);
  torn.fill(0xa5, whole.length - 8192, whole.length - 4096);
  writeFileSync(path, torn);
  expect(await refusal()).toMatch(sentence(`database ${path} is damaged: .*; ${wayOut}`));
  expect(readFileSync(path).equals(torn)).toBe(true);

  writeFileSync(path, whole.subarray(0, whole.length / 2));
  expect(await refusal()).toMatch(sentence(`database ${path} is damaged: .*; ${wayOut}`));
  writeFileSync(path, 'nothing that SQLite wrote '.repeat(400));
  expect(await refusal()).toMatch(sentence(`database ${path} is not a database; ${wayOut}`));
  truncateSync(path, 0);
  expect(await refusal()).toMatch(
    sentence(`database ${path} is empty, but .* the database was lost`),
  );
  expect(statSync(path).size).toBe(0);
  rmSync(path);
  mkdirSync(path);
  expect(await refusal()).toMatch(
    sentence(`database ${path}: cannot be opened: ${path} is not a file`),
  );
});

test('a guest file of a simulated host that cannot be read ends the start', {
  timeout,
}, async () => {
  const id = await usedState();
  for (const [kind, line] of [
    ['guests', `["${id}",{"guest":{"id":"`],
    ['guests', 'null'],
    ['files', `["${id}",{"diskImageId":`],
    ['files', '["other",{}]'],
  ] as const) {
    const [host = ''] = ['host-1', 'host-2'].filter((name) =>
      statSync(file('hosts', name, kind, 'kept.jsonl'), { throwIfNoEntry: false }),
    );
    const path = file('hosts', host, kind, 'kept.jsonl');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, `${whole}${line}\n`);
    const expected = `guest file ${path} cannot be read: .*; restore a backup \\(novella restore\\), or remove the file`;
    expect(await refusal()).toMatch(sentence(expected));
    writeFileSync(path, whole);
  }
});

test('a host whose first report cannot be recorded ends the start', { timeout }, async () => {
  await (await startAllInOne(config(), silentLog)).stop();
  const database = new DatabaseSync(file('novella.sqlite'));
  database.exec(`
    delete from pci_devices;
    create trigger refuse before insert on pci_devices begin select raise(abort, 'no device is taken'); end`);
  database.close();
  expect(await refusal()).toMatch(/^host host-1 cannot be started: .*no device is taken$/);
});

test.runIf(canHaveSmallDisk)(
  onSmallDisk('a state directory that is read-only'),
  { timeout },
  async () => {
    const disk = await smallDisk(16);
    const remount = ['sh', '-c', `mount -o remount,ro ${disk.path} && exec "$0" "$@"`];
    const path = disk.path;
    expect(await end(path, [...disk.within, ...remount])).toEqual([
      1,
      `novella: state directory ${path} cannot be used: ${path} is on a file system that is read-only\n`,
    ]);
    await disk.remove();
  },
);

test('a database that another program locks: reads are answered, writes are refused with 503 and a message', {
  timeout,
}, async () => {
  const novella = await startNovella(state.path);
  const cloud = await Cloud.at(novella);
  const network = await cloud.network('red');
  const id = await cloud.boot([{ uuid: network }]);
  await cloud.settled(id, 'ACTIVE');
  const other = new DatabaseSync(file('novella.sqlite'), { timeout: 10_000 });
  other.exec('begin immediate');
  const writes = [
    cloud.send('network', 'POST', '/networks', { body: { network: { name: 'n' } } }),
    cloud.send('compute', 'PUT', `/servers/${id}/metadata`, { body: { metadata: { a: 'b' } } }),
    cloud.send('compute', 'DELETE', `/servers/${id}`),
  ];
  const startedAt = performance.now();
  expect((await cloud.send('compute', 'GET', `/servers/${id}`)).status).toBe(200);
  expect((await cloud.send('network', 'GET', '/ports')).status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  for (const { status, body } of await Promise.all(writes)) {
    expect([status, JSON.stringify(body)]).toEqual([
      503,
      expect.stringContaining('another program'),
    ]);
  }
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  other.exec('rollback');
  other.close();
  await cloud.ok('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  await novella.stop();
});

/** Standby servers: a failover to one must not lose commits that were reported as done. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDatabase, openStore } from '#integrations/database/store.ts';
import { freePorts, parseConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { type Cluster, startCluster } from '#test/postgres/cluster.ts';
import { onServer } from '#test/postgres/database.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';

let primary: Cluster;
let standby: Cluster;
let url: string;
beforeAll(async () => {
  primary = await startCluster();
  url = primary.url('postgres');
  await (await openStore(url)).store.close();
  standby = await primary.startStandby();
  const streaming = `select 1 from pg_stat_replication where state = 'streaming'`;
  await vi.waitUntil(async () => (await onServer(url, streaming)).length === 1, 20_000);
});
afterAll(async () => {
  await standby?.stop();
  await primary?.stop();
});

async function set(name: string, value: string): Promise<void> {
  await onServer(url, `alter system set ${name} = '${value}'`);
  await onServer(url, 'select pg_reload_conf()');
  await expect.poll(() => onServer(url, `show ${name}`)).toEqual([{ [name]: value }]);
}

async function opens(allowAsynchronousStandbys = false): Promise<true> {
  const { store } = await openStore(url, { allowAsynchronousStandbys });
  await store.close();
  return true;
}

test('an asynchronous standby is refused, unless the configuration accepts it', async () => {
  await expect(opens()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(
      /^database postgresql:.*: its standby servers are asynchronous \(synchronous_standby_names is empty\): .*"allow_asynchronous_standbys: true"$/,
    ),
  });
  expect(await opens(true)).toBe(true);
  const state = temporaryDirectory();
  const config = { stateDir: state.path, database: url, ports: freePorts };
  const started = (text: string) =>
    startAllInOne({ ...parseConfig(text, 'novella.yaml'), ...config });
  await expect(started('')).rejects.toThrow('its standby servers are asynchronous');
  await (await started('allow_asynchronous_standbys: true')).stop();
  state.remove();
});

test('a user without rights to see other sessions gets the same answer', async () => {
  await onServer(url, 'create role plain login');
  await onServer(url, 'create database of_plain owner plain');
  const plain = url.replace(/novella@\/postgres/, 'plain@/of_plain');
  await expect(openStore(plain)).rejects.toThrow('its standby servers are asynchronous');
});

test('a standby that commits wait for is accepted, as long as they do', async () => {
  await set('synchronous_standby_names', '*');
  expect(await opens()).toBe(true);
  await set('synchronous_commit', 'local');
  await expect(opens()).rejects.toThrow('asynchronous (synchronous_commit is local)');
  await set('synchronous_commit', 'on');
  expect(await opens()).toBe(true);
});

test('the standby itself is refused', async () => {
  await expect(openDatabase(standby.url('postgres'))).rejects.toThrow('its server is a standby');
});

test('a backup that also receives the log is no standby', async () => {
  const alone = await startCluster();
  const place = alone.url('postgres');
  const end = alone.beginBackup();
  try {
    const senders = 'select application_name as name from pg_stat_replication';
    const both = [{ name: 'pg_basebackup' }, { name: 'pg_basebackup' }];
    await expect.poll(() => onServer(place, senders), { timeout: 10_000 }).toEqual(both);
    const { store } = await openStore(place);
    await store.close();
    expect(await onServer(place, senders)).toEqual(both);
  } finally {
    end();
    await alone.stop();
  }
});

/**
 * The stock client of Debian with the embedded network service beyond ports: tags, rules, pools.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { type StockClient, stockClient } from '#test/processes/stock-client.ts';

const state = temporaryDirectory();
let novella: NovellaProcess;
let client: StockClient;

beforeAll(async () => {
  ensureDebianPackages(['python3-openstackclient']);
  novella = await startNovella(state.path);
  client = stockClient(novella.cloudsYaml);
});

afterAll(async () => {
  await novella?.stop();
  state.remove();
});

test('networks and ports are tagged, and found by their tags', async () => {
  expect(await client.json('network', 'create', '--tag', 'blue', 'red')).toMatchObject({
    tags: ['blue'],
  });
  await client.json(
    ...['subnet', 'create', '--network', 'red', '--subnet-range', '10.1.0.0/24', 'red-subnet'],
  );
  const port = ['port', 'create', '--network', 'red', '--tag', 'a', 'p1'];
  expect(await client.json(...port)).toMatchObject({ tags: ['a'] });
  const found = await client.json('port', 'list', '--any-tags', 'a,b');
  expect(found).toEqual([expect.objectContaining({ Name: 'p1' })]);
  expect(await client.json('port', 'list', '--not-tags', 'a')).toEqual([]);
});

test('rules of a security group are stored unchanged', async () => {
  await client.json('security', 'group', 'create', 'web');
  const rule = ['security', 'group', 'rule', 'create', '--remote-ip', '192.0.2.0/24'];
  expect(
    await client.json(...rule, '--protocol', 'tcp', '--dst-port', '22:23', 'web'),
  ).toMatchObject({ protocol: 'tcp', port_range_min: 22, port_range_max: 23 });
  const rules = await client.json('security', 'group', 'rule', 'list', 'web');
  expect(rules).toHaveLength(3);
});

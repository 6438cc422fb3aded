/**
 * The disk of the state directory is full: reads, deletes and sign-ins continue, all else is
 * refused with a message, and the refusals end when there is space.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cloud } from '#test/worlds/cloud.ts';
import { run } from '#test/processes/command.ts';
import { type NovellaProcess, startConfigured } from '#test/processes/novella-process.ts';
import {
  canHaveSmallDisk,
  onSmallDisk,
  type SmallDisk,
  smallDisk,
} from '#test/processes/small-disk.ts';
import { starter } from '#test/processes/starter.ts';

let disk: SmallDisk;
let novella: NovellaProcess;
beforeEach(async () => {
  if (canHaveSmallDisk) disk = await smallDisk(24);
});
afterEach(async () => {
  await novella?.stop();
  await disk?.remove();
});

async function start(): Promise<Cloud> {
  novella = await startConfigured(disk.path, ['--free-ports'], disk.within);
  return Cloud.at({ urls: novella.urls, cloudsYaml: join(disk.outside, 'clouds.yaml') });
}

async function health(): Promise<string> {
  return (await fetch(`${new URL(novella.urls.compute).origin}/healthcheck`)).text();
}

/** Not before the WAL is empty: truncating it would free space and end the shortage. */
function fill(): void {
  const database = new DatabaseSync(join(disk.outside, 'novella.sqlite'), { timeout: 10_000 });
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  disk.fill();
}

const refused = 'is full: only reads, deletes and sign-ins are accepted until there is room';

/** What is refused, what is answered, and that servers can be deleted. */
async function expectOrder(cloud: Cloud, ids: string[], network: string): Promise<void> {
  const named = { network: { name: 'n' } };
  const first = await cloud.send('network', 'POST', '/networks', { body: named });
  expect([first.status, JSON.stringify(first.body)]).toEqual([
    503,
    expect.stringContaining(refused),
  ]);
  const [id = ''] = ids;
  for (const [service, method, path, body] of [
    ['compute', 'POST', '/servers', { server: { name: 's' } }],
    ['compute', 'POST', `/servers/${id}/action`, { 'os-stop': null }],
    ['compute', 'PUT', `/servers/${id}/metadata`, { metadata: { a: 'b' } }],
    ['image', 'POST', '/v2/images', { name: 'i' }],
    ['network', 'POST', '/ports', { port: { network_id: network } }],
  ] as const) {
    const { status, body: messages } = await cloud.send(service, method, path, { body });
    expect([path, status, JSON.stringify(messages)]).toEqual([
      path,
      503,
      expect.stringContaining(refused),
    ]);
  }
  expect((await cloud.send('compute', 'GET', '/servers/detail')).status).toBe(200);
  expect(await health()).toBe('disk full');
  const again = await Cloud.at({
    urls: novella.urls,
    cloudsYaml: join(disk.outside, 'clouds.yaml'),
  });
  for (const each of ids) await again.ok('compute', 'DELETE', `/servers/${each}`);
  for (const each of ids) await again.gone(each);
}

test.runIf(canHaveSmallDisk)(
  onSmallDisk('a disk that fills up'),
  { timeout: 120_000 },
  async () => {
    let cloud = await start();
    const network = await cloud.network('red');
    const boots = async () => {
      const ids = await Promise.all(
        Array.from({ length: 4 }, () => cloud.boot([{ uuid: network }])),
      );
      await Promise.all(ids.map((id) => cloud.settled(id, 'ACTIVE')));
      return ids;
    };
    const ids = await boots();
    const image = await cloud.ok('image', 'POST', '/v2/images', { name: 'i' });
    fill();
    await expectOrder(cloud, ids, network);
    await cloud.ok('image', 'DELETE', `/v2/images/${image.id}`);
    const status = await run(process.execPath, [starter, 'status'], {
      OS_CLIENT_CONFIG_FILE: join(disk.outside, 'clouds.yaml'),
      OS_CLOUD: 'novella',
    });
    expect([status.code, status.stdout]).toEqual([1, expect.stringContaining('disk full')]);

    disk.empty();
    await cloud.until(async () => ({ done: (await health()) === 'OK', value: await health() }));
    const more = await boots();
    await novella.kill();
    fill();
    cloud = await start();
    await expectOrder(cloud, more, network);
    disk.empty();
    await cloud.until(async () => ({ done: (await health()) === 'OK', value: await health() }));
    await cloud.network('blue', 'physnet2', 43);
  },
);

test.runIf(canHaveSmallDisk)(
  onSmallDisk('a cloud that fills its own disk of 5 MiB can be emptied'),
  { timeout: 120_000 },
  async () => {
    await disk.remove();
    disk = await smallDisk(5);
    const cloud = await start();
    const userData = Buffer.alloc(30_000, 'x').toString('base64');
    const ids: string[] = [];
    await cloud.until(async () => {
      const { flavors } = await cloud.ok('compute', 'GET', '/flavors');
      const { images } = await cloud.ok('image', 'GET', '/v2/images');
      const made = {
        name: 's',
        networks: 'none',
        flavorRef: flavors[0].id,
        imageRef: images[0].id,
      };
      const reply = await cloud.send('compute', 'POST', '/servers', {
        body: { server: { ...made, user_data: userData } },
        headers: { 'openstack-api-version': 'compute 2.37' },
      });
      expect([202, 503]).toContain(reply.status);
      if (reply.status === 202) ids.push(reply.body.server.id);
      return { done: reply.status === 503, value: ids.length };
    });
    expect(ids.length).toBeGreaterThan(3);
    const again = await Cloud.at({
      urls: novella.urls,
      cloudsYaml: join(disk.outside, 'clouds.yaml'),
    });
    for (const id of ids) await again.ok('compute', 'DELETE', `/servers/${id}`);
    for (const id of ids) await again.gone(id);
  },
);

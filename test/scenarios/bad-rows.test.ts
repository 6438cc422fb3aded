/** Unreadable rows: the cloud starts, lists the others, and lets the administrator remove them. */
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openSqlite } from '#integrations/database/sqlite/sqlite.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';

test('a cloud with unreadable rows in its database starts, lists and boots', async () => {
  const state = temporaryDirectory();
  const config = { ...readConfig(), stateDir: state.path, ports: freePorts };
  const before = await startAllInOne(config, silentLog);
  const owner = await Cloud.at(before);
  const port = await owner.port(await owner.network('blue'), 'direct');
  const damaged = await owner.boot([{ port }]);
  await owner.settled(damaged, 'ACTIVE');
  const { id } = await owner.ok('image', 'POST', '/v2/images', { name: 'bad' });
  await owner.ok('compute', 'POST', '/flavors', {
    flavor: { name: 'bad', id: 'bad', ram: 64, vcpus: 1, disk: 1 },
  });
  const bad = await owner.network('bad', 'physnet1', 50);
  await before.stop();
  const db = openSqlite(join(state.path, 'novella.sqlite'));
  const plant = (text: string) => sql.raw(text).execute(db);
  await plant(`update images set min_disk_gib = 9007199254740993 where id = '${id}'`);
  await plant(`update flavors set extra_specs = '{' where flavorid = 'bad'`);
  await plant(`update subnets set allocation_pools = '[' where network_id = '${bad}'`);
  await plant(`update compute_nodes set problems = '{', pci_stats = '['`);
  await plant(`update pci_devices set extra_info = '{' where address = '0000:01:10.0'`);
  await plant(`update instances set metadata = '{', tags = '[' where uuid = '${damaged}'`);
  await plant(`update instance_nics set vif = '{' where instance_uuid = '${damaged}'`);
  await db.destroy();
  const running = await startAllInOne(config, silentLog);
  try {
    const cloud = await Cloud.at(running);
    const { images } = await cloud.ok('image', 'GET', '/v2/images');
    expect(images.map(({ name }: { name: string }) => name).sort()).toEqual(['bad', 'tiny']);
    await cloud.ok('image', 'DELETE', `/v2/images/${id}`);
    const { flavors } = await cloud.ok('compute', 'GET', '/flavors');
    expect(flavors.map(({ name }: { name: string }) => name)).not.toContain('bad');
    const { subnets } = await cloud.ok('network', 'GET', '/subnets');
    expect(subnets).not.toContainEqual(expect.objectContaining({ network_id: bad }));
    await cloud.ok('operator', 'GET', '/pci/devices');
    const red = await cloud.port(await cloud.network('red', 'physnet1', 51), 'direct');
    await cloud.settled(await cloud.boot([{ port: red }]), 'ACTIVE');
    const { hosts } = await cloud.ok('operator', 'GET', '/hosts');
    expect(JSON.stringify(hosts)).toContain('the record of its server cannot be read');
    const refused = await cloud.send('compute', 'GET', `/servers/${damaged}`);
    expect(refused.status).toBe(409);
    await cloud.ok('compute', 'DELETE', `/servers/${damaged}`);
    await cloud.gone(damaged);
    const { devices } = await cloud.ok('operator', 'GET', '/pci/devices');
    expect(devices).not.toContainEqual(expect.objectContaining({ instance_uuid: damaged }));
  } finally {
    await running.stop();
    state.remove();
  }
}, 120_000);

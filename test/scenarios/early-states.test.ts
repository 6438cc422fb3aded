/**
 * The state directory of an early version starts: its server runs, is stopped and started, and
 * releases its VF.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Cloud } from '#test/worlds/cloud.ts';
import { earlyHosts, earlyImages, makeEarlyDatabase } from '#test/databases/early-states.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';

test.each([
  { state: '014842f', about: 'running guests were kept' },
  { state: '5759a1b', about: 'before server groups' },
  { state: '7dbc06c', about: 'before image_properties' },
  { state: 'df6799a', about: 'before agents dialled the controller' },
  { state: '82e7a61', about: '0007 before 0006' },
  { state: '34a9d5e', about: '0006 without 0007' },
])('$state: $about', async ({ state }) => {
  const folder = temporaryDirectory();
  makeEarlyDatabase(state, join(folder.path, 'novella.sqlite'));
  cpSync(earlyHosts(state), join(folder.path, 'hosts'), { recursive: true });
  for (const image of earlyImages(join(folder.path, 'novella.sqlite'))) {
    mkdirSync(join(folder.path, 'images'));
    writeFileSync(join(folder.path, 'images', image), Buffer.alloc(64 * 1024));
  }
  const config = { ...readConfig(), stateDir: folder.path, ports: freePorts };
  const running = await startAllInOne(config, silentLog);
  try {
    const cloud = await Cloud.at(running);
    const { servers } = await cloud.ok('compute', 'GET', '/servers');
    expect(servers).toMatchObject([{ name: 'old' }]);
    const [{ id }] = servers;
    const act = (action: object) => cloud.ok('compute', 'POST', `/servers/${id}/action`, action);
    await cloud.settled(id, 'ACTIVE');
    await act({ 'os-stop': null });
    await cloud.settled(id, 'SHUTOFF');
    await act({ 'os-start': null });
    await cloud.settled(id, 'ACTIVE');
    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await cloud.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
  } finally {
    await running.stop();
    folder.remove();
  }
});

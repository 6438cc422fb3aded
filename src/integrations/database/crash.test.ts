import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Store } from '#contracts/store/store.ts';
import { freshFile } from '#test/fresh-file.ts';
import { aHost, aVf } from '#test/worlds/store-rows.ts';
import { openStore } from './store.ts';

const program = fileURLToPath(
  new URL('../../../test/support/databases/commit-until-killed.ts', import.meta.url),
);

test('a process killed during its commits loses none that were confirmed, and leaves claims, devices and tasks in agreement', async () => {
  const path = freshFile('killed.db');
  const devices = Array.from({ length: 5 }, (_, index) => aVf(`0000:81:00.${index + 1}`));
  const { store } = await openStore(path);
  await aHost(store, devices);
  await store.close();
  for (const commits of [3, 11, 40]) {
    const recorded = await killAfter(path, commits);
    const { store } = await openStore(path);
    const { is, must } = await agreement(store, recorded);
    expect(is).toEqual(must);
    await store.close();
  }
}, 30_000);

/** Runs the program until it printed `commits` servers, kills it, and returns what it printed. */
async function killAfter(path: string, commits: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const recorded: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    recorded.push(line);
    if (recorded.length === commits) child.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
  return recorded;
}

/**
 * What a server's rows say of it, and what they must say when every transition was recorded whole
 * or not at all.
 */
async function agreement(store: Store, recorded: string[]): Promise<{ is: object; must: object }> {
  const [host] = await store.hosts.list();
  const held = (await store.hosts.devices(host!.id)).filter((device) => device.serverId !== null);
  const servers = await store.servers.list({ includeDeleted: true });
  const known = new Set(servers.map((server) => server.id));
  const is: object[] = [];
  const must: object[] = [];
  for (const { id, hostId, deletedAt } of servers) {
    const devices = held.filter((device) => device.serverId === id);
    const command = await store.commands.last(id, 'destroy');
    is.push({
      id,
      step: (await store.tasks.of(id))?.step,
      devices: devices.map(({ status, requestId }) => ({ status, requestId })),
      command: command?.hostId ?? null,
    });
    const step = hostId === null ? 'schedule' : 'bind-ports';
    const holds = hostId !== null && deletedAt === null;
    must.push({
      id,
      step: deletedAt === null ? step : undefined,
      devices: holds ? [{ status: 'claimed', requestId: id }] : [],
      command: hostId,
    });
  }
  return {
    is: { servers: is, lost: recorded.filter((id) => !known.has(id)), vcpus: host!.vcpusUsed },
    must: { servers: must, lost: [], vcpus: held.length },
  };
}

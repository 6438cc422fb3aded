/**
 * A process to be killed: boots servers in the database named by its first argument for ever, each
 * in one transition that claims a VF and a vcpu, and prints the id of each server whose transition
 * was recorded. When all VFs are taken it releases them.
 */
import type { Store } from '#contracts/store/store.ts';
import { openStore } from '#integrations/database/store.ts';
import { aBoot, taskOf, toStep } from '../worlds/store-rows.ts';

const path = process.argv[2];
if (path === undefined) throw new Error('say the database file');
const { store } = await openStore(path);
const [host] = await store.hosts.list();
if (host === undefined) throw new Error(`${path} has no host`);
for (;;) {
  if (!(await claimOne(store, host.id))) await freeAll(store, host.id);
}

async function claimOne(store: Store, hostId: string): Promise<boolean> {
  const now = await store.hosts.get(hostId);
  const free = (await store.hosts.devices(hostId)).find((device) => device.serverId === null);
  if (now === undefined || free === undefined) return false;
  const task = await aBoot(store);
  const { serverId } = task;
  await store.commit(
    toStep(task, 'bind-ports', {
      host: {
        hostId,
        generation: now.generation,
        devices: [{ ...free, status: 'claimed', serverId, requestId: serverId }],
        vcpusUsed: now.vcpusUsed + 1,
      },
      server: { hostId, hostName: now.name, taskState: 'networking' },
      command: { hostId, serverId, body: { do: 'destroy', guestId: serverId } },
    }),
  );
  process.stdout.write(`${serverId}\n`);
  return true;
}

async function freeAll(store: Store, hostId: string): Promise<void> {
  for (const { serverId } of await store.hosts.devices(hostId)) {
    const now = await store.hosts.get(hostId);
    const open = serverId === null ? undefined : await store.tasks.of(serverId);
    if (now === undefined || open === undefined) continue;
    const held = (await store.hosts.devices(hostId)).filter((row) => row.serverId === serverId);
    await store.commit({
      task: taskOf('boot', open),
      next: null,
      host: {
        hostId,
        generation: now.generation,
        devices: held.map((row) => ({
          ...row,
          status: 'available',
          serverId: null,
          requestId: null,
        })),
        vcpusUsed: now.vcpusUsed - held.length,
      },
      server: { vmState: 'deleted', deletedAt: 1 },
    });
  }
}

/**
 * Chapter: the guests' files are on an NFS server, which is hosta. A live migration copies no disk,
 * and an evacuated server has the disk of its lost host.
 */
import { twins } from '../../machine.ts';
import type { Check } from '../../story/story-report.ts';
import { clear, expected, hostShows } from '../../story/world.ts';
import { checkArrival, checkEnd, checkKeptRunning } from '../check-arrival.ts';
import { labs, type MovesWorld } from '../moves-world.ts';
import {
  arrived,
  consoleOn,
  holdsOne,
  liveMove,
  type MovingServer,
  movingServer,
} from '../moving.ts';

const folder = '/mnt/guests';
const exported = '/srv/guests';
const server = twins[1].address;

export async function checkSharedStorage(world: MovesWorld, check: Check): Promise<void> {
  const { hosta, hostb } = labs(world);
  await hosta.mustRun(serve);
  for (const host of [hosta, hostb]) await host.mustRun(mount);
  await restartAgents(world, folder);
  try {
    await checkMoves(world, check);
  } finally {
    await clear(world);
    await restartAgents(world, undefined);
    for (const host of [hosta, hostb]) await host.mustRun(`umount ${folder}`);
    await hosta.mustRun(stopServing);
  }
}

async function checkMoves(world: MovesWorld, check: Check): Promise<void> {
  const moving = await movingServer(world, 'shared', 'macvtap');
  const { from, to } = moving;
  const before = await diskOf(world, moving, 'hosta');
  const seen = await liveMove(world, moving);
  await checkArrival(world, check, { moving, seen });
  await checkKeptRunning(world, check, moving, to);
  await check('its disk is the same file, and none was sent', async () => {
    const { host } = world.hosts[to];
    const job = await host.mustRun(
      `virsh domjobinfo --completed --rawstats ${moving.server.domain}`,
    );
    const sent = /disk_total: *(\d+)/.exec(job)?.[1];
    const now = await diskOf(world, moving, to);
    return expected(sent === '0' && now === before, `${sent} bytes sent; file ${now}`);
  });
  await checkEnd(world, check, moving, { at: to, without: from });
  await checkEvacuation(world, check, { ...moving, from: to, to: from });
}

async function checkEvacuation(
  world: MovesWorld,
  check: Check,
  moving: MovingServer,
): Promise<void> {
  const { user, hosts } = world;
  const { server: evacuated, from, to, text } = moving;
  const before = await diskOf(world, moving, from);
  // As when its power is off: two guests that write to one disk destroy it.
  await hosts[from].agent.stop();
  await hosts[from].host.mustRun(`virsh -q destroy ${evacuated.domain}`);
  await user.changeService(from, { forced_down: true });
  await user.act(evacuated.id, { evacuate: { host: to } });
  await arrived(world, moving, 'ACTIVE');
  const console = consoleOn(world, evacuated, to);
  await check('evacuated, it starts with the disk that it had', async () => {
    await console.waitFor({ what: 'READY' });
    const disks = await console.command('disks');
    const found = disks.find((disk) => disk['text'] === text);
    return expected(found !== undefined, found?.['name'] ?? JSON.stringify(disks));
  });
  await hosts[from].agent.start({ sharedFolder: folder });
  await user.changeService(from, { forced_down: false });
  await check('the returned host releases its VF, and removes no file', async () => {
    await hostShows('one device to be held', () =>
      holdsOne(world, moving, to).catch(() => undefined),
    );
    const now = await diskOf(world, moving, to);
    return expected(now === before, `file ${now}`);
  });
  await checkEnd(world, check, moving, { at: to, without: from });
}

/** Its inode, and whether it can be read. */
async function diskOf(
  { hosts }: MovesWorld,
  { server: { id } }: MovingServer,
  on: MovingServer['to'],
): Promise<string> {
  const { host, agent } = hosts[on];
  return (await host.mustRun(`stat -c %i ${agent.guestsDirectory}/${id}/disk`)).trim();
}

async function restartAgents(
  { hosts }: MovesWorld,
  sharedFolder: string | undefined,
): Promise<void> {
  for (const { agent, host } of Object.values(hosts)) {
    await agent.stop();
    // Where its guests were, of which it has none.
    if (sharedFolder === undefined) await host.mustRun('rm -f /var/lib/novella/shared-folder');
    await agent.start({ sharedFolder });
  }
}

/** NFS 4.2 by the kernel. Without a short grace period the first file is opened after 90 s. */
const serve = `
  set -e
  mkdir -p ${exported} /run/rpc_pipefs /var/lib/nfs/v4recovery
  chmod 711 ${exported}
  modprobe nfsd
  mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
  touch /var/lib/nfs/etab /var/lib/nfs/rmtab
  exportfs -o rw,no_root_squash,no_subtree_check,insecure,fsid=0 '*:${exported}'
  rpc.mountd -N 2 -N 3
  rpc.nfsd -N 3 -G 10 -L 10 4`;

const stopServing = `
  rpc.nfsd 0
  pkill -x rpc.mountd
  exportfs -ua
  rm -rf ${exported}`;

const mount = `
  mkdir -p ${folder}
  mount -t nfs4 -o vers=4.2 ${server}:/ ${folder}`;

/**
 * Chapter: a VF with a standby. The guest keeps its interface: it continues by the standby while it
 * is sent, and has the new host's VF afterwards. An aborted migration gives it back the old one.
 */
import type { Check } from '../../story/story-report.ts';
import { expected, hostShows } from '../../story/world.ts';
import { labDevices } from '../../machine.ts';
import { checkArrival, checkConsole, checkEnd, checkKeptRunning } from '../check-arrival.ts';
import { described, type HostName, type MovesWorld } from '../moves-world.ts';
import {
  consoleOn,
  liveMove,
  type MovingServer,
  movingServer,
  requestLive,
  watchedMove,
} from '../moving.ts';
import { answersTo } from '../peers.ts';
import { copying } from './interventions.ts';

const [pf] = labDevices.pfs;

export async function checkFailover(world: MovesWorld, check: Check): Promise<void> {
  const { user } = world;
  const moving = await movingServer(world, 'live-failover', 'direct', {
    'binding:profile': { sriov_failover: true },
  });
  const { server, from, to, address } = moving;
  await check('the guest has one interface, of its VF and the standby', () =>
    joined(world, moving, from),
  );
  await follow(world, from);
  const aborted = await watchedMove(world, moving, async () => {
    await requestLive(world, moving);
    const { id } = await copying(world, moving);
    await user.abortMigration(server.id, id);
    await user.settled(server.id, 'ACTIVE');
  });
  await check('aborted, the guest has its VF again and answers', async () => {
    await joined(world, moving, from);
    const answers = await answersTo(world.hosts[from].host, 'far', address);
    return expected(answers > 0, described(aborted));
  });
  await check('its MAC was passed up only in between', () => passedUp(world, moving, from));
  await checkEnd(world, check, moving, { at: from, without: to });

  await follow(world, from);
  const seen = await liveMove(world, moving);
  const plain = world.plain.get('failover');
  await checkArrival(world, check, { moving, seen, ...(plain !== undefined && { plain }) });
  await checkKeptRunning(world, check, moving, to);
  await checkConsole(world, check, moving);
  await check('the guest has the same interface, of the other VF and the standby', () =>
    joined(world, moving, to),
  );
  await check(
    'its MAC was passed up on the old host only in between, on the new one never',
    async () => {
      const text = await passedUp(world, moving, from);
      const now = await entries(world, moving, to);
      return expected(now === '', `${text}; ${to}: ${now || 'none'}`);
    },
  );
  await checkEnd(world, check, moving, { at: to, without: from });
}

/** Waits until the guest's one interface has both. */
async function joined(
  world: MovesWorld,
  { server, port }: MovingServer,
  at: HostName,
): Promise<string> {
  const console = consoleOn(world, server, at);
  return hostShows('the guest to have its VF and its standby', async () => {
    const nics = (await console.command('nics')).filter(({ mac }) => mac === port.mac_address);
    const [nic] = nics;
    const over = nic?.['over']?.split(',').toSorted().join(' and ');
    const isWhole = nics.length === 1 && over === 'igbvf and virtio_net';
    return isWhole ? `${nic?.['if']} with ${nic?.['addr']}: ${over}` : undefined;
  });
}

/** Logs changes of the MACs that the PF passes up. */
async function follow({ hosts }: MovesWorld, at: HostName): Promise<void> {
  await hosts[at].host.mustRun(`
    [ ! -e /run/fdb.pid ] || kill $(cat /run/fdb.pid)
    bridge monitor fdb > /run/fdb 2>&1 & echo $! > /run/fdb.pid`);
}

/** Since `follow`. Throws unless it was passed up, and is no longer. */
async function passedUp(world: MovesWorld, moving: MovingServer, at: HostName): Promise<string> {
  const log = await world.hosts[at].host.readFile('/run/fdb');
  const mac = moving.port.mac_address;
  const changes = log.split('\n').filter((line) => line.includes(mac) && line.includes('self'));
  const added = changes.filter((line) => !line.startsWith('Deleted')).length;
  const now = await entries(world, moving, at);
  const found = `added ${added}, deleted ${changes.length - added}, now ${now || 'none'}`;
  return expected(added > 0 && changes.length === 2 * added && now === '', found);
}

async function entries(
  { hosts }: MovesWorld,
  { port }: MovingServer,
  at: HostName,
): Promise<string> {
  const { stdout } = await hosts[at].host.run(
    `bridge fdb show dev ${pf.interface} | grep ${port.mac_address}`,
  );
  return stdout.trim();
}

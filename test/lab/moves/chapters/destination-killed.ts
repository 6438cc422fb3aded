/** Chapter: the new host loses its power while a server's memory is copied to it. */
import type { Check } from '../../story/story-report.ts';
import { expected, hostShows } from '../../story/world.ts';
import { checkEnd, checkKeptRunning } from '../check-arrival.ts';
import { type MovesWorld } from '../moves-world.ts';
import {
  baselines,
  holdsOne,
  type MovingServer,
  movingServer,
  requestLive,
  watchedMove,
} from '../moving.ts';
import { answersTo } from '../peers.ts';
import { copying } from './interventions.ts';

export async function checkDestinationKilled(world: MovesWorld, check: Check): Promise<void> {
  const { user } = world;
  const moving = await movingServer(world, 'survivor', 'macvtap');
  const { server, from, to, address } = moving;
  const seen = await watchedMove(world, moving, async () => {
    await requestLive(world, moving);
    await copying(world, moving);
    await world.cutPower(to);
    await user.settled(server.id, 'ACTIVE');
    await hostShows('the sending to end', () => hasStopped(world, moving));
  });
  await check('the server is ACTIVE where it was, without the dead host, and answers', async () => {
    const { 'OS-EXT-SRV-ATTR:host': host } = await user.showServer(server.id);
    const answers = await answersTo(world.hosts[from].host, 'far', address);
    const outage = seen.hosts[from].pings.far.outageMs / 1_000;
    const found = `on ${host} after ${seen.seconds.toFixed(1)} s, outage ${outage.toFixed(1)} s`;
    return expected(host === from && answers > 0, found);
  });
  await checkKeptRunning(world, check, moving, from);
  await world.powerOn(to);
  await check('what it held on the dead host is free when that is back', () =>
    hostShows('one device to be held', () => holdsOne(world, moving, from).catch(() => undefined)),
  );
  // What it had is lost with its disk: it is compared with what it is now, without servers.
  const before = { ...moving.before, [to]: (await baselines(world))[to] };
  await checkEnd(world, check, { ...moving, before }, { at: from, without: to });
}

/** libvirt of the old host sends nothing. */
async function hasStopped(world: MovesWorld, moving: MovingServer): Promise<true | undefined> {
  const { host } = world.hosts[moving.from];
  const { stdout } = await host.run(`virsh domjobinfo ${moving.server.domain}`);
  return /Job type: +None/.test(stdout) ? true : undefined;
}

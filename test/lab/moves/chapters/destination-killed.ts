/** Chapter: the new host loses its power while a server's memory is copied to it. */
import type { Check } from '../../story/story-report.ts';
import { expected, hostShows } from '../../story/world.ts';
import { checkEnd, checkKeptRunning } from '../check-arrival.ts';
import { type MovesWorld } from '../moves-world.ts';
import { baselines, type MovingServer, movingServer, requestLive, watchedMove } from '../moving.ts';
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
    await hostShows('the sending to end', () => hasStopped(world, moving));
  });
  await check('the guest answers all the time, and is no longer sent', async () => {
    const { status } = await user.showServer(server.id);
    const answers = await answersTo(world.hosts[from].host, 'far', address);
    const outage = seen.hosts[from].pings.far.outageMs / 1_000;
    const found = `${seen.seconds.toFixed(1)} s, outage ${outage.toFixed(1)} s; the server is ${status}`;
    return expected(answers > 0, found);
  });
  await checkKeptRunning(world, check, moving, from);
  await world.powerOn(to);
  await check('with the new host back, the server is ACTIVE where it was', async () => {
    const { 'OS-EXT-SRV-ATTR:host': host } = await user.settled(server.id, 'ACTIVE');
    return expected(host === from, `on ${host}`);
  });
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

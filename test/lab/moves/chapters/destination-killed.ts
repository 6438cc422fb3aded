/** Chapter: the new host loses its power while a server's memory is copied to it. */
import type { Check } from '../../story/story-report.ts';
import { expected } from '../../story/world.ts';
import { checkEnd, checkKeptRunning } from '../check-arrival.ts';
import { type MovesWorld } from '../moves-world.ts';
import { baselines, holdsOne, movingServer, requestLive, watchedMove } from '../moving.ts';
import { answersTo } from '../peers.ts';
import { copying } from './interventions.ts';

export async function checkDestinationKilled(world: MovesWorld, check: Check): Promise<void> {
  const { user } = world;
  const moving = await movingServer(world, 'survivor', 'macvtap');
  const { server, from, to, address } = moving;
  await check('the server stays ACTIVE on its host, and answers', async () => {
    const seen = await watchedMove(world, moving, async () => {
      await requestLive(world, moving);
      await copying(world, moving);
      await world.cutPower(to);
      await user.settled(server.id, 'ACTIVE');
    });
    const { 'OS-EXT-SRV-ATTR:host': host } = await user.showServer(server.id);
    const answers = await answersTo(world.hosts[from].host, 'far', address);
    const { far } = seen.hosts[from].pings;
    return expected(
      host === from && answers > 0,
      `on ${host} after ${seen.seconds.toFixed(1)} s, outage ${(far.outageMs / 1_000).toFixed(1)} s`,
    );
  });
  await checkKeptRunning(world, check, moving, from);
  await world.powerOn(to);
  await check('with the new host back, the server holds one device', () =>
    holdsOne(world, moving, from),
  );
  // What it had is lost with its disk: it is compared with what it is now, without servers.
  const before = { ...moving.before, [to]: (await baselines(world))[to] };
  await checkEnd(world, check, { ...moving, before }, { at: from, without: to });
}

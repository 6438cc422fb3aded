/** Chapter: an operator ends one live migration early, and has another completed by force. */
import type { Check } from '../../story/story-report.ts';
import type { LiveMigration } from '../../story/cloud-user.ts';
import { until } from '../../story/cloud-user.ts';
import { expected } from '../../story/world.ts';
import { checkArrival, checkEnd, checkKeptRunning } from '../check-arrival.ts';
import { described, type MovesWorld } from '../moves-world.ts';
import { arrived, type MovingServer, movingServer, requestLive, watchedMove } from '../moving.ts';
import { answersTo } from '../peers.ts';

export async function checkInterventions(world: MovesWorld, check: Check): Promise<void> {
  const { user } = world;
  const moving = await movingServer(world, 'interrupted', 'macvtap');
  const { server, from, to, address } = moving;
  const aborted = await watchedMove(world, moving, async () => {
    await requestLive(world, moving);
    const { id } = await copying(world, moving);
    await check('while it moves no port can be attached', async () => {
      const port = await user.createPort(world.networks.red, 'macvtap');
      const refusal = await user.attach(server.id, port.id).then(
        () => 'attached',
        (error: unknown) => (error as Error).message,
      );
      return expected(/migrating/.test(refusal), refusal);
    });
    await user.abortMigration(server.id, id);
    await user.settled(server.id, 'ACTIVE');
  });
  await check('aborted while its memory is copied, the server stays where it was', async () => {
    const { 'OS-EXT-SRV-ATTR:host': host } = await user.showServer(server.id);
    const answers = await answersTo(world.hosts[from].host, 'far', address);
    return expected(host === from && answers > 0, `on ${host}; ${described(aborted)}`);
  });
  await checkKeptRunning(world, check, moving, from);
  await checkEnd(world, check, moving, { at: from, without: to });
  const seen = await watchedMove(world, moving, async () => {
    await requestLive(world, moving);
    const { id } = await copying(world, moving);
    await user.forceComplete(server.id, id);
    await arrived(world, moving, 'ACTIVE');
  });
  await checkArrival(world, check, { moving, seen });
  await checkKeptRunning(world, check, moving, to);
  await checkEnd(world, check, moving, { at: to, without: from });
}

/** The migration once it copies memory. Throws when it ended before. */
export function copying({ user }: MovesWorld, { server }: MovingServer): Promise<LiveMigration> {
  return until('the memory to be copied', 400, async () => {
    const [migration] = await user.liveMigrations(server.id);
    if (migration === undefined) {
      throw new Error(`it has ended: ${await user.lastAction(server.id)}`);
    }
    const { memory_total_bytes: total, memory_remaining_bytes: remaining } = migration;
    const isCopying = total !== null && remaining !== null && remaining < total;
    return isCopying ? migration : undefined;
  });
}

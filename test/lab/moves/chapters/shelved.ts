/** Chapter: a server is shelved, and continues on the other host from the image that was made of it. */
import type { Check } from '../../story/story-report.ts';
import { expected } from '../../story/world.ts';
import { checkArrival, checkEnd } from '../check-arrival.ts';
import type { MovesWorld } from '../moves-world.ts';
import { arrived, consoleOn, movingServer, watchedMove } from '../moving.ts';
import { baselineOf, difference } from '../baseline.ts';

export async function checkShelved(world: MovesWorld, check: Check): Promise<void> {
  const { user, hosts } = world;
  const moving = await movingServer(world, 'shelved', 'direct');
  const { server, from, to, before } = moving;
  const seen = await watchedMove(world, moving, async () => {
    await user.act(server.id, { shelve: null });
    await user.settled(server.id, 'SHELVED_OFFLOADED');
    await check('shelved, it holds no device, and its host is as it was', async () => {
      const held = (await user.devices()).filter(({ instance_uuid: id }) => id === server.id);
      const left = difference(before[from], await baselineOf(hosts[from].host));
      return expected(held.length === 0 && left === '', left || 'nothing left');
    });
    await user.changeService(from, { status: 'disabled' });
    await user.act(server.id, { unshelve: null });
    await arrived(world, moving, 'ACTIVE');
    await consoleOn(world, server, to).waitFor({ what: 'READY' });
  });
  await user.changeService(from, { status: 'enabled' });
  await checkArrival(world, check, { moving, seen });
  await checkEnd(world, check, moving, { at: to, without: from });
}

/** Chapter: a host is given up with its guest running; when it returns, that guest ends there. */
import type { Check } from '../../story/story-report.ts';
import { expected, hostShows } from '../../story/world.ts';
import { checkEnd } from '../check-arrival.ts';
import type { MovesWorld } from '../moves-world.ts';
import { arrived, consoleOn, holdsOne, movingServer } from '../moving.ts';
import { answersTo } from '../peers.ts';

export async function checkEvacuated(world: MovesWorld, check: Check): Promise<void> {
  const { user, hosts } = world;
  const moving = await movingServer(world, 'evacuated', 'direct');
  const { server, from, to, address } = moving;
  await hosts[from].agent.stop();
  await user.changeService(from, { forced_down: true });
  await user.act(server.id, { evacuate: { host: to } });
  await arrived(world, moving, 'ACTIVE');
  const console = consoleOn(world, server, to);
  await check('on the new host it starts from its image, with a VF', async () => {
    await console.waitFor({ what: 'READY' });
    const disks = await console.command('disks');
    const texts = disks.map((disk) => disk['text'] ?? '');
    return expected(!texts.includes(moving.text), `disks: ${JSON.stringify(disks)}`);
  });
  await check('meanwhile the lost host still runs its guest: nobody there ends it', async () => {
    const running = await hosts[from].host.mustRun('virsh -q list --name');
    return expected(running.includes(server.domain), running.trim());
  });
  await hosts[from].agent.start();
  await user.changeService(from, { forced_down: false });
  await check('the returned host ends its guest, and releases the VF of that', () =>
    hostShows('one device to be held', () => holdsOne(world, moving, to).catch(() => undefined)),
  );
  await checkEnd(world, check, moving, { at: to, without: from });
  await check('it answers from the new host alone', async () => {
    const answers = await answersTo(hosts[from].host, 'far', address);
    const running = await hosts[from].host.mustRun('virsh -q list --name');
    return expected(answers > 0 && running.trim() === '', `${answers} of 4 pings answered`);
  });
}

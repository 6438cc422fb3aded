/** Chapters: a server moves live, by each way. */
import type { Check } from '../../story/story-report.ts';
import { expected } from '../../story/world.ts';
import { checkArrival, checkConsole, checkEnd, checkKeptRunning } from '../check-arrival.ts';
import { type MovesWorld } from '../moves-world.ts';
import { consoleOn, liveMove, type MovingServer, movingServer } from '../moving.ts';

/** A virtio NIC on a VF: the guest notices nothing. */
export function checkLiveMacvtap(world: MovesWorld, check: Check): Promise<void> {
  return checkLive(world, check, { vnicType: 'macvtap', way: 'macvtap' });
}

/** The same, where each NIC is a libvirt network's. */
export async function checkLiveNetwork(world: MovesWorld, check: Check): Promise<void> {
  await restartAgents(world, true);
  try {
    await checkLive(world, check, { vnicType: 'macvtap', way: 'network' });
  } finally {
    await restartAgents(world, false);
  }
}

/** A VF in the guest: unplugged before, and another one plugged in afterwards. */
export function checkLiveDirect(world: MovesWorld, check: Check): Promise<void> {
  return checkLive(world, check, { vnicType: 'direct', way: 'direct' }, async (moving) => {
    const console = consoleOn(world, moving.server, moving.to);
    const mac = moving.port.mac_address;
    await check('the guest lost its VF, and has another with the same MAC', async () => {
      const nics = await console.command('nics');
      const [nic] = nics.filter((each) => each['mac'] === mac);
      return expected(nic?.['driver'] === 'igbvf', `${nic?.['if']} driver ${nic?.['driver']}`);
    });
  });
}

// oxlint-disable-next-line max-params -- where, how it is reported, which way, and what is its own
async function checkLive(
  world: MovesWorld,
  check: Check,
  { vnicType, way }: { vnicType: string; way: string },
  more: (moving: MovingServer) => Promise<void> = async () => {},
): Promise<void> {
  const moving = await movingServer(world, `live-${way}`, vnicType);
  const { from, to } = moving;
  const seen = await liveMove(world, moving);
  const plain = world.plain.get(way);
  await checkArrival(world, check, { moving, seen, ...(plain !== undefined && { plain }) });
  await checkKeptRunning(world, check, moving, to);
  await checkConsole(world, check, moving);
  await checkEnd(world, check, moving, { at: to, without: from });
  await more(moving);
}

async function restartAgents({ hosts }: MovesWorld, networkXml: boolean): Promise<void> {
  for (const { agent } of Object.values(hosts)) {
    await agent.stop();
    await agent.start({ networkXml });
  }
}

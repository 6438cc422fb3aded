/** Chapter: moves that cannot be are refused before anything is touched, with the reason. */
import type { Check } from '../../story/story-report.ts';
import { ask, expected } from '../../story/world.ts';
import { checkKeptRunning } from '../check-arrival.ts';
import { baselineOf, difference } from '../baseline.ts';
import { type MovesWorld, on } from '../moves-world.ts';
import { movingServer, type MovingServer } from '../moving.ts';

interface Refusal {
  title: string;
  host: string;
  /** What the refusal must contain. */
  reason: RegExp;
  begin?: () => Promise<unknown>;
  end?: () => Promise<unknown>;
}

export async function checkRefused(world: MovesWorld, check: Check): Promise<void> {
  const { user } = world;
  const moving = await movingServer(world, 'staying', 'macvtap');
  const { from, to } = moving;
  const set = (change: object) => () => user.changeService(to, change);
  const refusals: Refusal[] = [
    { title: 'to an unknown host', host: 'hostc', reason: /hostc/ },
    { title: 'to its own host', host: from, reason: new RegExp(from) },
    {
      title: 'to a disabled host',
      host: to,
      reason: /disabled/,
      begin: set({ status: 'disabled' }),
      end: set({ status: 'enabled' }),
    },
    {
      title: 'to a host that is forced down',
      host: to,
      reason: /alive/,
      begin: set({ forced_down: true }),
      end: set({ forced_down: false }),
    },
  ];
  for (const refusal of refusals) await checkRefusal(world, check, moving, refusal);
  await checkFullHost(world, check, moving);
  await checkKeptRunning(world, check, moving, from);
}

// oxlint-disable-next-line max-params -- where, how it is reported, of which server, and why
async function checkRefusal(
  world: MovesWorld,
  check: Check,
  moving: MovingServer,
  { title, host, reason, begin, end }: Refusal,
): Promise<void> {
  await check(`${title}: refused at once, with the reason`, async () => {
    const { host: other } = world.hosts[moving.to];
    const before = await baselineOf(other);
    await begin?.();
    try {
      const text = await refusalOf(world, moving, host);
      const changed = difference(before, await baselineOf(other));
      expected(changed === '', `${text}; ${changed}`);
      return expected(reason.test(text), text);
    } finally {
      await end?.();
    }
  });
}

/** All VFs of the new host are held by servers that never run. */
async function checkFullHost(world: MovesWorld, check: Check, moving: MovingServer): Promise<void> {
  const { user, networks } = world;
  const held = (await user.devices()).filter(
    ({ host, physical_network: physnet }) => host === moving.to && physnet === 'physnet1',
  );
  const ports = await Promise.all(held.map(() => user.createPort(networks.red, 'direct')));
  const other = { host: moving.to };
  const id = await ask(on(world, moving.to), 'taking-all', ports, other);
  await user.settled(id, 'ACTIVE');
  await checkRefusal(world, check, moving, {
    title: 'to a host without a free VF',
    host: moving.to,
    reason: /physnet1|PCI/,
  });
  await user.deleteServer(id);
}

async function refusalOf(
  { user }: MovesWorld,
  { server }: MovingServer,
  host: string,
): Promise<string> {
  try {
    await user.act(server.id, { 'os-migrateLive': { host, block_migration: 'auto' } });
  } catch (error) {
    return (error as Error).message;
  }
  await user.settled(server.id, 'ACTIVE');
  throw new Error(`accepted: ${await user.lastAction(server.id)}`);
}

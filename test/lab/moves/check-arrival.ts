/** What must hold after a server has moved, whichever way it came. */
import { labDevices } from '../machine.ts';
import type { Check } from '../story/story-report.ts';
import { until } from '../story/cloud-user.ts';
import { expected, vfsOf } from '../story/world.ts';
import { baselineOf, difference } from './baseline.ts';
import { described, type Figures, type HostName, type MovesWorld } from './moves-world.ts';
import { consoleOn, holdsOne, type MovingServer } from './moving.ts';
import { answersTo, peerVlan } from './peers.ts';
import type { Seen } from './watch.ts';

const [pf] = labDevices.pfs;

/** Its address, its VF, its binding, its disk and its drive on the new host. */
export async function checkArrival(
  world: MovesWorld,
  check: Check,
  { moving, seen, plain }: { moving: MovingServer; seen: Seen<HostName, void>; plain?: Figures },
): Promise<void> {
  const { server, port, address, to, text } = moving;
  await check('its address answers again', async () => {
    const answers = await answersTo(world.hosts[to].host, 'far', address);
    return expected(answers > 0, described(seen, plain));
  });
  await check('on the new host a VF has its MAC and VLAN', async () => {
    const vfs = await vfsOf(world.hosts[to], pf.interface);
    const found = vfs.filter(({ address: mac }) => mac === port.mac_address);
    const vlans = found.map(({ vf, vlan_list: list }) => `VF ${vf} VLAN ${list?.[0]?.vlan ?? 0}`);
    return expected(
      found.length === 1 && found[0]?.vlan_list?.[0]?.vlan === peerVlan,
      vlans.join(', ') || 'none',
    );
  });
  await check('its port is bound there, and nowhere else', async () => {
    const bindings = await world.user.bindings(port.id);
    return expected(bindings.includes(`${to} ACTIVE`), bindings.join(', '));
  });
  const console = consoleOn(world, server, to);
  await check('its disk has what it wrote before', async () => {
    const disks = await console.command('disks');
    const found = disks.find((disk) => disk['text'] === text);
    return expected(found !== undefined, found?.['name'] ?? JSON.stringify(disks));
  });
  await check('its config drive can be read there, with its metadata', async () => {
    const [drive] = (await console.command('drive')).filter(({ what }) => what === 'DRIVE');
    return expected(drive?.['uuid'] === server.id, `uuid ${drive?.['uuid']}`);
  });
}

/** The move has ended for good: one host has all of it, the other nothing. */
export async function checkEnd(
  world: MovesWorld,
  check: Check,
  moving: MovingServer,
  { at, without }: { at: HostName; without: HostName },
): Promise<void> {
  const { port, before } = moving;
  await check(`it holds one device, on ${at}, and has one binding`, async () => {
    const held = await holdsOne(world, moving, at);
    const bindings = await world.user.bindings(port.id);
    return expected(bindings.join() === `${at} ACTIVE`, `${held}; bound to ${bindings.join(', ')}`);
  });
  await check(`${without} is as it was before`, async () => {
    let left = '';
    await until('the host to be as it was', 60, async () => {
      const now = await baselineOf(world.hosts[without].host);
      left = difference(before[without], now);
      if (now.macs.includes(port.mac_address)) left += '; a VF has its MAC';
      return left === '' ? true : undefined;
    }).catch((error: unknown) => {
      throw new Error(left, { cause: error });
    });
    return 'VFs, drivers, domains, networks, files';
  });
}

/** The same start of its system still runs. */
export async function checkKeptRunning(
  world: MovesWorld,
  check: Check,
  moving: MovingServer,
  at: HostName,
): Promise<void> {
  await check('the guest was never restarted', async () => {
    const [alive] = await consoleOn(world, moving.server, at).command('alive');
    return expected(alive?.['boot'] === moving.boot, `up for ${alive?.['uptime']} s`);
  });
}

/** The console over the API still has the text from before the move. */
export async function checkConsole(
  { user }: MovesWorld,
  check: Check,
  { server }: MovingServer,
): Promise<void> {
  await check('its console over the API begins with its boot', async () => {
    const output = await user.console(server.id);
    return expected(output.includes('L2-READY'), `${output.length} characters`);
  });
}

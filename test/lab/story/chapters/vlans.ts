/**
 * Of the four servers: VFs of one PF and of two, VLANs, the guests' own view of their VFs, the tag
 * on the wire.
 */
import { join } from 'node:path';
import type { FourServers } from './four-servers.ts';
import type { Check } from '../story-report.ts';
import { vlansOnWire } from './wire.ts';
import {
  addressOf,
  answers,
  expected,
  pings,
  type RunningServer,
  vfsOf,
  type World,
} from '../world.ts';

export async function checkVlans(
  world: World,
  { a, b, other, across }: FourServers,
  check: Check,
): Promise<void> {
  const { user, host } = world;
  for (const server of [a, b, other, across]) await check(...ownNic(world, server));
  await check('the host reports its steps to start b, with times', async () => {
    const steps = await user.spawnSteps(b.id);
    const shown = steps.map(({ step, milliseconds }) => `${step} ${Math.round(milliseconds)} ms`);
    return expected(
      steps.some(({ step }) => step === 'start'),
      shown.join(', '),
    );
  });
  await check('the config drive of a has the VLAN and the tag of its VF', async () => {
    const device = await a.console.waitFor({ what: 'DEVICE', mac: a.ports[0]!.mac_address });
    return expected(
      device['vlan'] === '42' && device['tags']?.includes('storage') === true,
      `vlan ${device['vlan']}, tags ${device['tags']}`,
    );
  });
  await check('the PF shows the MACs and VLANs of its three guests', async () => {
    const vfs = await vfsOf(world, 'enp1s0');
    const shown = vfs.map(({ address, vlan_list }) => `${address} ${vlan_list?.[0]?.vlan ?? 0}`);
    const wanted = [a, b].map(({ ports }) => `${ports[0]!.mac_address} 42`);
    wanted.push(`${other.ports[0]!.mac_address} 43`);
    return expected(
      wanted.every((each) => shown.includes(each)),
      shown.join(', '),
    );
  });
  await check('a reaches b: same PF, same VLAN', () => reaches(world, a, b, pings));
  await check('a does not reach the guest in VLAN 43', () => reaches(world, a, other, 0));
  await check('a reaches the guest on the other PF, across the wire', () =>
    reaches(world, a, across, pings),
  );
  await check('on the wire the frames of a carry the tag 42, and only that', async () => {
    const pcap = join(host.shareDirectory, 'wire.pcap');
    const vlans = await vlansOnWire(pcap, a.ports[0]!.mac_address);
    return expected(vlans.join() === '42', `tags ${vlans.join(', ') || 'none'}`);
  });
}

function ownNic(world: World, server: RunningServer): Parameters<Check> {
  const [port] = server.ports;
  const act = async () => {
    const nic = await server.console.waitFor({ what: 'NIC', mac: port!.mac_address });
    const address = await addressOf(world, port!);
    return expected(
      nic['driver'] === 'igbvf' && nic['addr'] === `${address}/24`,
      `${nic['if']} ${nic['mac']} driver ${nic['driver']} address ${nic['addr']}`,
    );
  };
  return [`guest ${server.name} has a VF with its port's MAC and address`, act];
}

async function reaches(
  world: World,
  from: RunningServer,
  to: RunningServer,
  wanted: number,
): Promise<string> {
  const address = await addressOf(world, to.ports[0]!);
  let received = await answers(from, address);
  // A guest that has just come up may sleep through the first ones.
  for (let tries = 1; tries < 3 && received < wanted; tries++) {
    received = await answers(from, address);
  }
  return expected(received === wanted, `${received} of ${pings} pings of ${address} answered`);
}

/** Chapters: every kind of NIC and device, on one server and alone. */
import type { Claim } from './telling.ts';
import {
  addressOf,
  answers,
  boot,
  clear,
  driverOf,
  expected,
  hostShows,
  type World,
} from './world.ts';
import { labDevices } from '../machine.ts';

/** One server with a VF, a macvtap, a NIC on a bridge, and a PCI device that is no NIC; `peer` proves each. */
export async function tellOfKinds(world: World, claim: Claim): Promise<void> {
  const { user, networks, flavors } = world;
  const ofEachKind = async () => [
    await user.createPort(networks.red, 'direct'),
    await user.createPort(networks.blue, 'macvtap'),
    await user.createPort(networks.plain, 'normal'),
  ];
  const ports = await ofEachKind();
  const [mixed, peer] = await Promise.all([
    boot(world, 'mixed', ports, { flavor: flavors.withNvme }),
    boot(world, 'peer', await ofEachKind()),
  ]);
  const drivers = ['igbvf', 'virtio_net', 'virtio_net'];
  await claim(
    'its guest sees a VF and two virtio NICs, with MAC and address of each port',
    async () => {
      const seen: string[] = [];
      for (const [at, port] of ports.entries()) {
        const nic = await mixed.console.waitFor({ what: 'NIC', mac: port.mac_address });
        const address = await addressOf(world, port);
        seen.push(`${nic['if']} ${nic['driver']} ${nic['addr']}`);
        expected(nic['driver'] === drivers[at] && nic['addr'] === `${address}/24`, seen.join(', '));
      }
      return seen.join(', ');
    },
  );
  for (const [at, kind] of ['direct', 'macvtap', 'normal'].entries()) {
    await claim(`over its ${kind} port it reaches the ${kind} port of another server`, async () => {
      const address = await addressOf(world, peer.ports[at]!);
      const received = await answers(mixed, address);
      return expected(received === 4, `${received} of 4 pings of ${address} answered`);
    });
  }
  await claim('its guest has the NVMe disk that the flavor alias asked for', async () => {
    const { vendorId, productId, text } = labDevices.nvme;
    const pci = await mixed.console.waitFor({ what: 'PCI', id: `${vendorId}:${productId}` });
    const disks = await mixed.console.command('disks');
    const found = disks.find((disk) => disk['text'] === text);
    return expected(
      found !== undefined,
      `${pci['address']}, ${disks.length} disks, ${found?.['name'] ?? 'none'} has its text`,
    );
  });
  await claim('the host cannot use that disk meanwhile', async () => {
    const driver = await driverOf(world, labDevices.nvme.address);
    return expected(driver === 'vfio-pci', `driver ${driver}`);
  });
  await clear(world);
  await claim('the host has it back afterwards', async () => {
    const driver = await driverOf(world, labDevices.nvme.address);
    return expected(driver === 'nvme', `driver ${driver}`);
  });
}

/** A whole PF: its VFs go out of stock, and come back. */
export async function tellOfPhysical(world: World, claim: Claim): Promise<void> {
  const { user, networks } = world;
  const [, pf] = labDevices.pfs;
  const before = await user.freeVfs('physnet2');
  const port = await user.createPort(networks.redAcross, 'direct-physical');
  const server = await boot(world, 'whole-card', [port]);
  await claim('its guest has the whole card, with the MAC of the card', async () => {
    const nic = await server.console.waitFor({ what: 'NIC', mac: pf.macAddress });
    const shown = await user.showPort(port.id);
    return expected(
      nic['driver'] === 'igb' && shown.mac_address === pf.macAddress,
      `${nic['if']} driver ${nic['driver']}, port ${shown.mac_address}`,
    );
  });
  await claim('the VFs of the card are out of stock', async () => {
    const free = await user.freeVfs('physnet2');
    return expected(before > 0 && free === 0, `${free} free, ${before} before`);
  });
  await clear(world);
  await claim('the card and its VFs come back', async () => {
    const free = await hostShows('the VFs to be back', async () => {
      const now = await user.freeVfs('physnet2');
      return now === before ? now : undefined;
    });
    const driver = await driverOf(world, pf.address);
    return expected(driver === 'igb', `${free} free, driver ${driver}`);
  });
}

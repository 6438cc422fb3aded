/**
 * Of the four servers: a VF, a macvtap, a NIC on a bridge, and a PCI device that is not a NIC, in
 * one guest.
 */
import { labDevices } from '../../machine.ts';
import type { FourServers } from './four-servers.ts';
import type { Check } from '../story-report.ts';
import { addressOf, answers, driverOf, expected, pings, type World } from '../world.ts';

const kinds = ['direct', 'macvtap', 'normal'] as const;
const drivers = ['igbvf', 'virtio_net', 'virtio_net'];

export async function checkKinds(world: World, { a, b }: FourServers, check: Check): Promise<void> {
  await check(
    'guest a sees a VF and two virtio NICs, with MAC and address of each port',
    async () => {
      const seen: string[] = [];
      for (const [at, port] of a.ports.entries()) {
        const nic = await a.console.waitFor({ what: 'NIC', mac: port.mac_address });
        const address = await addressOf(world, port);
        seen.push(`${nic['if']} ${nic['driver']} ${nic['addr']}`);
        expected(nic['driver'] === drivers[at] && nic['addr'] === `${address}/24`, seen.join(', '));
      }
      return seen.join(', ');
    },
  );
  // Each kind has a subnet of its own in these two guests, so that an answer can have come one way
  // only.
  for (const [at, kind] of kinds.entries()) {
    if (kind === 'direct') continue;
    await check(`over its ${kind} port a reaches the ${kind} port of b`, async () => {
      const address = await addressOf(world, b.ports[at]!);
      const received = await answers(a, address);
      return expected(received === pings, `${received} of ${pings} pings of ${address} answered`);
    });
  }
  await check('guest a has the NVMe disk that its flavor’s alias requests', async () => {
    const { vendorId, productId, text } = labDevices.nvme;
    const pci = await a.console.waitFor({ what: 'PCI', id: `${vendorId}:${productId}` });
    const disks = await a.console.command('disks');
    const found = disks.find((disk) => disk['text'] === text);
    return expected(
      found !== undefined,
      `${pci['address']}, ${disks.length} disks, ${found?.['name'] ?? 'none'} has its text`,
    );
  });
  await check('the host cannot use that disk while the guest has it', async () => {
    const driver = await driverOf(world, labDevices.nvme.address);
    return expected(driver === 'vfio-pci', `driver ${driver}`);
  });
}

/** Chapter: a whole PF; its VFs leave the pool, and return. */
import { labDevices } from '../../machine.ts';
import type { Claim } from '../telling.ts';
import { boot, clear, driverOf, expected, hostShows, type World } from '../world.ts';

export async function tellOfWholeCard(world: World, claim: Claim): Promise<void> {
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

/** Chapter: a whole PF; its VFs leave the pool, and return. */
import { labDevices } from '../../machine.ts';
import type { Check } from '../story-report.ts';
import { boot, clear, driverOf, expected, hostShows, type World } from '../world.ts';

export async function checkWholeCard(world: World, check: Check): Promise<void> {
  const { user, networks } = world;
  const [, pf] = labDevices.pfs;
  const before = await user.freeVfs('physnet2');
  const port = await user.createPort(networks.redAcross, 'direct-physical');
  const server = await boot(world, 'whole-card', [port]);
  await check('its guest has the whole card, with the MAC of the card', async () => {
    const nic = await server.console.waitFor({ what: 'NIC', mac: pf.macAddress });
    const shown = await user.showPort(port.id);
    return expected(
      nic['driver'] === 'igb' && shown.mac_address === pf.macAddress,
      `${nic['if']} driver ${nic['driver']}, port ${shown.mac_address}`,
    );
  });
  await check('the VFs of the card are not available', async () => {
    const free = await user.freeVfs('physnet2');
    return expected(before > 0 && free === 0, `${free} free, ${before} before`);
  });
  await clear(world);
  await check('after its deletion the card and its VFs are available again', async () => {
    const free = await hostShows('the VFs to be back', async () => {
      const now = await user.freeVfs('physnet2');
      return now === before ? now : undefined;
    });
    const driver = await driverOf(world, pf.address);
    return expected(driver === 'igb', `${free} free, driver ${driver}`);
  });
}

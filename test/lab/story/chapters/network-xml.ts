/** Chapter: the same NICs by way of libvirt networks (`libvirt.network_xml: true`). */
import type { Check } from '../story-report.ts';
import { addressOf, boot, clear, expected, type World } from '../world.ts';

export async function checkNetworkXml(world: World, check: Check): Promise<void> {
  const { user, networks, host } = world;
  await world.agent.stop();
  await world.agent.start({ networkXml: true });
  const ports = [
    await user.createPort(networks.red, 'direct'),
    await user.createPort(networks.blue, 'macvtap'),
  ];
  const server = await boot(world, 'by-network', ports);
  await check('the domain names a libvirt network for each of its NICs', async () => {
    const xml = await host.mustRun(`virsh dumpxml --inactive ${server.domain}`);
    const names = [...xml.matchAll(/<source network='([^']+)'/g)].map(([, name]) => name);
    const defined = (await host.mustRun('virsh -q net-list --name')).split('\n');
    const known = names.filter((name) => name !== undefined && defined.includes(name));
    return expected(known.length === 2, known.join(', '));
  });
  await check('its guest has both NICs, with MAC and address', async () => {
    const seen: string[] = [];
    for (const port of ports) {
      const nic = await server.console.waitFor({ what: 'NIC', mac: port.mac_address });
      const address = await addressOf(world, port);
      seen.push(`${nic['driver']} ${nic['addr']}`);
      expected(nic['addr'] === `${address}/24`, seen.join(', '));
    }
    return seen.join(', ');
  });
  await clear(world);
  await check('a deleted server’s networks are deleted', async () => {
    const names = (await host.mustRun('virsh -q net-list --all --name')).split('\n');
    const left = names.filter((name) => name.startsWith('novella-')).join(', ');
    return expected(left === '', left === '' ? 'none left' : left);
  });
}

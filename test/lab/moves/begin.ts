/** The story of moves until its first chapter: controller, two hosts with agents, peers, images. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '#test/debian/must-run.ts';
import { startNovella } from '#test/processes/novella-process.ts';
import type { LabHost } from '../host.ts';
import { hostImage } from '../image.ts';
import { labDevices, twins } from '../machine.ts';
import { startLabPair } from '../pair.ts';
import { labAgent } from '../story/agent.ts';
import { CloudUser } from '../story/cloud-user.ts';
import { stock } from '../story/stock.ts';
import type { Check } from '../story/story-report.ts';
import { expected } from '../story/world.ts';
import { type HostName, type MovesHost, type MovesWorld, numberOf } from './moves-world.ts';
import { addPeers, answersTo, nearVf, subnet } from './peers.ts';

const [pf, otherPf] = labDevices.pfs;

/** The VFs in the first slot are for servers, the next one is a peer's. */
const vfsForServers = nearVf;

export interface BeginParts {
  /** A folder of the caller's. */
  state: string;
  check: Check;
  /** What must be ended is added here, in the order in which it was begun. */
  ends: (() => Promise<unknown> | void)[];
  /** The emulated hosts are added here once they are up. */
  started: LabHost[];
}

export async function begin({ state, check, ends, started }: BeginParts): Promise<MovesWorld> {
  const bundle = join(state, 'bundle');
  await mustRun('npm', ['run', '-s', 'bundle:agent', '--', bundle]);
  const image = await hostImage();
  const controller = await startNovella(state, ['--config', configure(state)]);
  ends.push(() => controller.stop());
  const user = await CloudUser.at(controller.cloudsYaml);
  const pair = await startLabPair();
  ends.push(() => pair.stop());
  started.push(...pair.hosts);
  const joinCloud = async (name: HostName, host: LabHost, again = false): Promise<MovesHost> => {
    const agent = labAgent({
      ...{ host, bundle, settings: settings(name) },
      // A host that has lost its disk has lost its certificate.
      ...(await user.enrollHost(name, again)),
      isReady: (since) => user.isReady(name, since),
    });
    await agent.start();
    await addPeers(host, numberOf[name]);
    return { name, host, agent, isCut: false };
  };
  const [hosta, hostb] = await Promise.all([
    joinCloud('hosta', pair.hosts[0]),
    joinCloud('hostb', pair.hosts[1]),
  ]);
  const hosts = { hosta, hostb };
  await check('each agent reports four VFs for servers', async () => {
    const devices = await user.devices();
    const counts = Object.keys(hosts).map(
      (name) =>
        devices.filter(
          ({ host, physical_network: physnet }) => host === name && physnet === 'physnet1',
        ).length,
    );
    return expected(
      counts.every((count) => count === vfsForServers),
      counts.join(' and '),
    );
  });
  await check(
    'the peers of one host reach those of the other: VLAN 42 is on the wire',
    async () => {
      const far = await answersTo(hosta.host, 'far', `${subnet}.202`);
      const near = await answersTo(hosta.host, 'near', `${subnet}.212`);
      return expected(far > 0 && near > 0, `${far} and ${near} of 4 pings answered`);
    },
  );
  return {
    ...{ user, hosts, plain: new Map(), ...(await stock(user, image, state)) },
    async cutPower(name) {
      hosts[name].isCut = true;
      await hosts[name].host.stop();
    },
    async powerOn(name) {
      hosts[name] = await joinCloud(name, await pair.restart(numberOf[name]), true);
    },
  };
}

/** The controller's configuration file. */
function configure(state: string): string {
  const file = join(state, 'novella.yaml');
  const { vendorId, productId } = labDevices.nvme;
  const alias = { name: 'nvme', vendor_id: vendorId, product_id: productId };
  writeFileSync(file, JSON.stringify({ simulated: { hosts: [] }, pci: { alias: [alias] } }));
  return file;
}

/** Of an agent. Agents reach each other by the network between the hosts. Only hosta has physnet2. */
function settings(name: HostName): object {
  const first = { address: '*:01:10.*', physical_network: 'physnet1', trusted: 'true' };
  const second = { address: '*:02:10.2', physical_network: 'physnet2' };
  return {
    name,
    ip: twins[numberOf[name]].address,
    device_spec: name === 'hosta' ? [first, second] : [first],
    vf_counts: { [pf.interface]: vfsForServers + 1, [otherPf.interface]: 2 },
    // Standbys are on the PF of their VFs.
    bridge_mappings: { plain: labDevices.uplink.interface, physnet1: pf.interface },
  };
}

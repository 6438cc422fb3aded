/**
 * The lab's story from its beginning: a controller here, an agent in the emulated host, servers by
 * the public API.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNovella, temporaryDirectory } from '#test/processes/novella-process.ts';
import { type LabHost, startLabHost } from '../host.ts';
import { labDevices } from '../machine.ts';
import { hostImage } from '../image.ts';
import { mustRun } from '#test/debian/must-run.ts';
import { labAgent, labHostName } from './agent.ts';
import { CloudUser } from './cloud-user.ts';
import { tellOfFaults } from './chapters/faults.ts';
import { tellOfFourServers } from './chapters/four-servers.ts';
import { tellOfHotPlug } from './chapters/hot-plug.ts';
import { tellOfKilledAgent, tellOfKilledLibvirtd, tellOfLastVf } from './chapters/last-vf.ts';
import { tellOfNetworkXml } from './chapters/network-xml.ts';
import { stock } from './stock.ts';
import { type Claim, startTelling, type Told } from './telling.ts';
import { tellOfWholeCard } from './chapters/whole-card.ts';
import { expected, type World } from './world.ts';

const chapters: { title: string; notify: (world: World, claim: Claim) => Promise<void> }[] = [
  { title: 'Four servers: VFs, VLANs, every kind of NIC', notify: tellOfFourServers },
  { title: 'Attach, detach, pause, suspend, stop, start', notify: tellOfHotPlug },
  { title: 'Two servers compete for the last VF', notify: tellOfLastVf },
  { title: 'A whole card', notify: tellOfWholeCard },
  { title: 'The agent is killed during a boot', notify: tellOfKilledAgent },
  { title: 'libvirtd is killed during a boot', notify: tellOfKilledLibvirtd },
  { title: 'The same by libvirt networks', notify: tellOfNetworkXml },
  { title: 'Failures are reported, and the host is restored', notify: tellOfFaults },
];

export interface TellOptions {
  /** Runs only chapters with this text in their title. */
  only?: string;
  /** Leaves everything up until the user has finished. */
  stay?: {
    greeting: (place: StayingPlace) => string[];
    visit: (place: StayingPlace) => Promise<void>;
  };
}

/** Where the lab is while it stays up. */
export interface StayingPlace {
  cloudsYaml: string;
  libvirtUri: string;
  share: string;
  run: LabHost['run'];
}

/** Runs the whole story. Nothing is left behind when this returns. */
export async function tellStory(
  write: (line: string) => void,
  options: TellOptions = {},
): Promise<Told> {
  const telling = startTelling(write);
  const state = temporaryDirectory();
  const ends: (() => Promise<unknown> | void)[] = [() => state.remove()];
  try {
    let world: World | undefined;
    await telling.chapter('An emulated SR-IOV host joins a new cloud', async (claim) => {
      world = await begin({ state: state.path, claim, ends });
    });
    for (const { title, notify } of chapters) {
      const begun = world;
      if (begun === undefined) break;
      if (options.only !== undefined && !title.includes(options.only)) continue;
      await telling.chapter(title, (claim) =>
        Promise.race([notify(begun, claim), death(begun.host)]),
      );
      if (!begun.host.hasEnded()) continue;
      telling.cutOff();
      break;
    }
    if (options.stay !== undefined && world !== undefined) {
      const { host } = world;
      const place: StayingPlace = {
        cloudsYaml: join(state.path, 'clouds.yaml'),
        libvirtUri: `qemu+tcp://127.0.0.1:${host.portTo(libvirtPort)}/system`,
        share: host.shareDirectory,
        run: (script) => host.run(script),
      };
      for (const line of options.stay.greeting(place)) write(line);
      await Promise.race([options.stay.visit(place), host.ended]);
    }
    return telling.report();
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

const libvirtPort = 16_509;

/**
 * Throws when the emulated host ends, with the console's end: nothing that is waited for would come
 * then.
 */
async function death(host: LabHost): Promise<never> {
  await host.ended;
  throw new Error(`the emulated host has ended; its console: ${host.consoleTail()}`);
}

async function begin(parts: {
  state: string;
  claim: Claim;
  ends: (() => Promise<unknown> | void)[];
}): Promise<World> {
  const { state, claim, ends } = parts;
  const configFile = join(state, 'novella.yaml');
  const { vendorId, productId } = labDevices.nvme;
  const alias = { name: 'nvme', vendor_id: vendorId, product_id: productId };
  writeFileSync(configFile, JSON.stringify({ simulated: { hosts: [] }, pci: { alias: [alias] } }));
  let world: World | undefined;
  const bundle = join(state, 'bundle');
  await claim('the agent is one bundle', async () => {
    await mustRun('npm', ['run', '-s', 'bundle:agent', '--', bundle]);
    return 'made';
  });
  const image = await hostImage();
  const controller = await startNovella(state, ['--config', configFile]);
  ends.push(() => controller.stop());
  const user = await CloudUser.at(controller.cloudsYaml);
  const host = await startLabHost({ forwards: [libvirtPort], memoryMib: 4_096 });
  ends.push(() => host.stop());
  const agent = labAgent({
    host,
    bundle,
    controllerPort: Number(new URL(controller.urls.compute).port),
    token: await user.enrollHost(labHostName),
    isReady: (since) => user.isReady(labHostName, since),
  });
  await claim(
    'its agent reports five VFs of one PF, one of the other, and the NVMe disk',
    async () => {
      await agent.start();
      const devices = await user.devices();
      const vfs = (physnet: string) =>
        devices.filter((d) => d.dev_type === 'type-VF' && d.physical_network === physnet).length;
      const nvme = devices.some(({ product_id }) => product_id === productId);
      return expected(
        vfs('physnet1') === 5 && vfs('physnet2') === 1 && nvme,
        `${vfs('physnet1')} and ${vfs('physnet2')} VFs, ${nvme ? 'the' : 'no'} NVMe disk`,
      );
    },
  );
  await claim('the agent is small', async () => {
    const memory = await agent.memoryMib();
    return expected(memory.agent > 0, `${memory.agent} MiB, its libvirt child ${memory.child} MiB`);
  });
  await claim('networks, images and flavors are made by the API', async () => {
    world = { user, host, agent, ...(await stock(user, image, state)) };
    return 'made';
  });
  if (world === undefined) throw new Error('without them there is nothing to tell');
  return world;
}

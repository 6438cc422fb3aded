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
import { labAgent, labHostName, labHostSettings } from './agent.ts';
import { CloudUser } from './cloud-user.ts';
import { checkFaults } from './chapters/faults.ts';
import { checkFourServers } from './chapters/four-servers.ts';
import { checkHotPlug } from './chapters/hot-plug.ts';
import { checkKilledAgent, checkKilledLibvirtd, checkLastVf } from './chapters/last-vf.ts';
import { checkNetworkXml } from './chapters/network-xml.ts';
import { type Chapter, runChapters } from './run-chapters.ts';
import { stock } from './stock.ts';
import { type Check, startReport, type StoryReport } from './story-report.ts';
import { checkWholeCard } from './chapters/whole-card.ts';
import { expected, type World } from './world.ts';

const chapters: Chapter<World>[] = [
  { title: 'Four servers: VFs, VLANs, every kind of NIC', run: checkFourServers },
  { title: 'Attach, detach, pause, suspend, stop, start', run: checkHotPlug },
  { title: 'Two servers compete for the last VF', run: checkLastVf },
  { title: 'A whole card', run: checkWholeCard },
  { title: 'The agent is killed during a boot', run: checkKilledAgent },
  { title: 'libvirtd is killed during a boot', run: checkKilledLibvirtd },
  { title: 'The same by libvirt networks', run: checkNetworkXml },
  { title: 'Failures are reported, and the host is restored', run: checkFaults },
];

export const storyTitles: readonly string[] = chapters.map(({ title }) => title);

export interface StoryOptions {
  /** Runs only chapters with one of these texts in their title. */
  only?: string[];
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
export async function runStory(
  write: (line: string) => void,
  options: StoryOptions = {},
): Promise<StoryReport> {
  const report = startReport(write);
  const state = temporaryDirectory();
  const ends: (() => Promise<unknown> | void)[] = [() => state.remove()];
  try {
    let world: World | undefined;
    await report.chapter('An emulated SR-IOV host joins a new cloud', async (check) => {
      world = await begin({ state: state.path, check, ends });
    });
    if (world !== undefined) {
      const { host } = world;
      await runChapters(report, chapters, { world, hosts: () => [host], only: options.only });
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
    return report.report();
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

const libvirtPort = 16_509;

async function begin(parts: {
  state: string;
  check: Check;
  ends: (() => Promise<unknown> | void)[];
}): Promise<World> {
  const { state, check, ends } = parts;
  const configFile = join(state, 'novella.yaml');
  const { vendorId, productId } = labDevices.nvme;
  const alias = { name: 'nvme', vendor_id: vendorId, product_id: productId };
  writeFileSync(configFile, JSON.stringify({ simulated: { hosts: [] }, pci: { alias: [alias] } }));
  let world: World | undefined;
  const bundle = join(state, 'bundle');
  await check('the agent is one bundle', async () => {
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
    settings: labHostSettings,
    bundle,
    ...(await user.enrollHost(labHostName)),
    isReady: (since) => user.isReady(labHostName, since),
  });
  await check(
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
  await check('the agent’s memory is small', async () => {
    const memory = await agent.memoryMib();
    return expected(memory.agent > 0, `${memory.agent} MiB, its libvirt child ${memory.child} MiB`);
  });
  await check('networks, images and flavors are created over the API', async () => {
    world = { user, host, agent, ...(await stock(user, image, state)) };
    return 'made';
  });
  if (world === undefined) throw new Error('the story needs its networks, images and flavors');
  return world;
}

/**
 * A host whose kernel does not use its IOMMU: the doctor reports it, none of its VFs is passed
 * through, and servers that need none run there.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNovella, temporaryDirectory } from '#test/processes/novella-process.ts';
import { type LabHost, startLabHost } from '../host.ts';
import { hostImage } from '../image.ts';
import { mustRun } from '#test/debian/must-run.ts';
import { type LabAgent, labAgent, labHostName, labHostSettings } from '../story/agent.ts';
import { CloudUser } from '../story/cloud-user.ts';
import { stock } from '../story/stock.ts';
import { ask, hostShows, running, type World } from '../story/world.ts';

const state = temporaryDirectory();
const ends: (() => Promise<unknown>)[] = [];
let host: LabHost;
let agent: LabAgent;
let world: World;

beforeAll(async () => {
  const bundle = join(state.path, 'bundle');
  await mustRun('npm', ['run', '-s', 'bundle:agent', '--', bundle]);
  const configFile = join(state.path, 'novella.yaml');
  writeFileSync(configFile, JSON.stringify({ simulated: { hosts: [] } }));
  const controller = await startNovella(state.path, ['--config', configFile]);
  ends.push(() => controller.stop());
  const user = await CloudUser.at(controller.cloudsYaml);
  host = await startLabHost({ withIommu: false });
  ends.push(() => host.stop());
  agent = labAgent({
    host,
    settings: labHostSettings,
    bundle,
    ...(await user.enrollHost(labHostName)),
    // It has a problem, and is up all the same.
    isReady: async () => (await user.problemsOf(labHostName)).length > 0,
  });
  await agent.start();
  world = { user, host, agent, ...(await stock(user, await hostImage(), state.path)) };
});

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  state.remove();
});

test('the doctor reports the fault and the remedy', async () => {
  const { ok, checks } = await agent.doctor();
  expect(ok).toBe(false);
  expect(checks.filter(({ level }) => level === 'fail')).toMatchObject([
    {
      name: 'IOMMU',
      found: expect.stringContaining('the kernel made no IOMMU groups'),
      fix: 'remove intel_iommu=off from the kernel command line and reboot',
    },
  ]);
});

test('no VF is passed through, with the reason', async () => {
  const port = await world.user.createPort(world.networks.red, 'direct');
  const id = await ask(world, 'needs-a-vf', [port]);
  await expect(world.user.settled(id, 'ACTIVE')).rejects.toThrow(
    `No valid host was found. ${labHostName}: health: IOMMU: off: the kernel made no IOMMU groups`,
  );
  expect((await world.user.showPort(port.id))['binding:host_id']).toBe('');
});

test('a macvtap on a VF, which stays with the host, runs there, through reboots and a rebuild', async () => {
  const { user, networks, imageId } = world;
  const port = await user.createPort(networks.green, 'macvtap');
  const server = await running(world, await ask(world, 'tapped', [port]), [port]);
  /** Identifies this start of the guest: its QEMU, and how often its system has booted in it. */
  const start = async () => {
    const qemu = (await host.mustRun("pgrep -f '[g]uest=instance'")).trim();
    const reports = await server.console.reports();
    const nics = reports.filter((each) => each['mac'] === port.mac_address);
    return { qemu, systems: reports.filter(({ what }) => what === 'READY').length, nics };
  };
  const acts = [
    { reboot: { type: 'HARD' } },
    { reboot: { type: 'SOFT' } },
    { rebuild: { imageRef: imageId, name: 'tapped' } },
  ];
  for (const act of acts) {
    const before = await start();
    await user.act(server.id, act);
    await user.settled(server.id, 'ACTIVE');
    const after = await hostShows('the guest to be up again', async () => {
      const now = await start();
      const isAnother = now.qemu !== before.qemu || now.systems > before.systems;
      return isAnother && now.systems > 0 ? now : undefined;
    });
    expect(after.nics.at(-1)).toMatchObject({ what: 'NIC', driver: 'virtio_net' });
  }
});

/**
 * Node devices of a real libvirtd: the PCI functions of this machine, as sysfs shows them; what its
 * agent and the doctor make of them; and a libvirtd without a driver for them.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GuestQueue } from '#agent/commands/guest-queue.ts';
import { hostParts } from '#agent/host-parts.ts';
import { reportHost } from '#agent/report.ts';
import { describeNodeDevices } from '#contracts/host/node-devices.contract.ts';
import { LibvirtChild } from '#integrations/libvirt/connection/child-process.ts';
import { LibvirtNodeDevices } from '#integrations/libvirt/node-devices.ts';
import { readAgentConfig } from '#programs/config/agent-config.ts';
import { examineHost } from '#programs/doctor/doctor.ts';
import { realHostParts } from '#programs/hosts/real-host.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { PrivateLibvirtd } from '#test/hosts/private-libvirtd.ts';
import { describedImages } from '#test/images/image-source.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';

const waitOptions = { timeout: 60_000 };

let libvirtd: PrivateLibvirtd;
let child: LibvirtChild;

beforeAll(async () => {
  libvirtd = await PrivateLibvirtd.start();
  child = new LibvirtChild({ uri: libvirtd.uri, log: silentLog });
});
afterAll(async () => {
  await child.close();
  await libvirtd.stop();
});

const functions = async () => (await new SysfsPciBus({ root: '/sys' }).listFunctions()).functions;

describeNodeDevices('libvirt', { make: async () => new LibvirtNodeDevices({ child }), functions });

/** A host whose agent offers every function of this machine that is like the first. */
async function aHost() {
  const [first, ...others] = await functions();
  if (first === undefined) expect.fail('precondition: this machine has no PCI function');
  const ids = { vendor_id: first.vendorId, product_id: first.productId };
  const like = others.filter(
    ({ vendorId, productId }) => vendorId === first.vendorId && productId === first.productId,
  );
  const configFile = join(libvirtd.folder, 'agent.yaml');
  writeFileSync(
    configFile,
    JSON.stringify({
      controller: 'http://127.0.0.1:1',
      token: 'none',
      state_dir: libvirtd.folder,
      host: { device_spec: [ids], libvirt: { uri: libvirtd.uri, virt_type: 'qemu' } },
    }),
  );
  return { configFile, offered: [first, ...like].map(({ address }) => address) };
}

test('the agent of this machine uses the libvirtd of its configuration', async () => {
  const { configFile, offered } = await aHost();
  const { host } = readAgentConfig(configFile);
  const around = { stateDir: libvirtd.folder, images: describedImages({}), log: silentLog };
  const parts = await realHostParts(host, around);
  try {
    const options = { ...parts, log: silentLog, heartbeatMs: 10_000 };
    const report = await reportHost(options, hostParts(options), new GuestQueue());
    expect(report.hypervisorIsSilent).toBeUndefined();
    expect(report.devices.map(({ function: fn }) => fn.address)).toEqual(offered);
    expect(report.devices.filter(({ function: fn }) => fn.quarantine !== undefined)).toEqual([]);
    expect(report.problems?.filter(({ code }) => code === 'node-devices')).toEqual([]);
  } finally {
    await parts.hypervisor.close();
  }
});

test('the doctor reports that libvirt knows the offered devices', async () => {
  const { configFile, offered } = await aHost();
  const row = (await examineHost(configFile)).find(({ code }) => code === 'node-devices');
  expect(row).toMatchObject({
    level: 'ok',
    found: `libvirt knows all ${offered.length} offered devices`,
  });
});

test('a libvirtd without a node device driver reports it, and answers all else', async () => {
  const nodeDevices = new LibvirtNodeDevices({ child });
  await libvirtd.killDaemon();
  await libvirtd.startDaemon({ withoutDriver: 'nodedev' });
  const all = await functions();
  // The connections of the killed one are detected one after the other.
  const messages = () => nodeDevices.describe(all).then(() => 'all', String);
  await expect.poll(messages, waitOptions).toMatch(/list the host's devices: .*not supported/);
  await expect.poll(() => child.call('listDomains', []).catch(String), waitOptions).toEqual([]);
  const { configFile } = await aHost();
  const row = (await examineHost(configFile)).find(({ code }) => code === 'node-devices');
  expect(row).toMatchObject({
    level: 'warn',
    found: expect.stringContaining('sysfs alone: this function is not supported'),
  });
});

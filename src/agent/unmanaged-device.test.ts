/** A device whose entry has `managed: no`: only the operator changes its driver. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aGuest, vf0, vf1 } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeCommand } from './commands/execute-command.ts';
import { hostParts } from './host-parts.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-unmanaged-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const unmanaged = { address: vf0, requestId: 'request-1', isUnmanaged: true } as const;
const guest = aGuest({ id: 'g', nics: [], hostDevices: [unmanaged] });

test('a device starts with a driver that other devices may not have, through reboot and rebuild', async () => {
  const { parts, kernel, options } = anIgbHost(folder);
  kernel.giveAway(vf0, 'uio_pci_generic');
  const managed = { ...guest, hostDevices: [{ address: vf0, requestId: 'request-1' }] };
  expect(await executeCommand(parts, { do: 'spawn', guest: managed })).toMatchObject({
    ok: false,
    message: expect.stringContaining('is bound to uio_pci_generic'),
  });
  for (const body of [
    { do: 'spawn', guest } as const,
    { do: 'respawn', guest } as const,
    { do: 'respawn', guest, fresh: true } as const,
  ]) {
    const result = await executeCommand(parts, body);
    expect(result).toMatchObject({ ok: true });
    expect(result.ok && result.domainXml).toContain("managed='no'");
  }
  expect((await options.hypervisor.listGuests())[0]?.devices).toMatchObject([
    { address: vf0, isUnmanaged: true },
  ]);
  await executeCommand(parts, { do: 'destroy', guestId: 'g' });
  expect(await options.pciBus.driverOf(vf0)).toBe('uio_pci_generic');
});

test.each([
  ['the guest ends', false],
  ['the agent restarts and the guest no longer exists', true],
])('a driver that the operator bound in between stays when %s', async (_when, isRestart) => {
  const { parts, kernel, options } = anIgbHost(folder);
  for (const device of [unmanaged, { address: vf1, requestId: 'request-2' }]) {
    const one = { ...guest, id: device.address, hostDevices: [device] };
    expect(await executeCommand(parts, { do: 'spawn', guest: one })).toMatchObject({ ok: true });
    kernel.giveAway(device.address);
    if (!isRestart) await executeCommand(parts, { do: 'destroy', guestId: one.id });
  }
  const { devices } = hostParts(options);
  if (isRestart) await devices.cleanUp(async () => []);
  expect(await options.pciBus.driverOf(vf0)).toBe('vfio-pci');
  expect(await options.pciBus.driverOf(vf1)).toBe('igbvf');
  expect(await devices.problemOf(vf0)).toBeUndefined();
});

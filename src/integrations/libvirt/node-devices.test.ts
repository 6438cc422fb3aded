/**
 * Node devices from libvirt's own test driver: no daemon, no root, the real library in the child
 * (Debian package libvirt0). And the requests to a libvirt, counted on a described one.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeNodeDevices,
  describeNodeDevicesOfVfs,
} from '#contracts/host/node-devices.contract.ts';
import { describedFunctions } from '#integrations/simulated/machine/described-devices.ts';
import { igbFeatures } from '#integrations/simulated/machine/node-devices.ts';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/machine/sysfs-tree.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { nodeDeviceName } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { pf0, vf0, vf1 } from '#test/hosts/guests.ts';
import { isLibvirtHere, libvirtAbsence } from '#test/hosts/libvirt-library.ts';
import { skipTitle } from '#test/skip-title.ts';
import { writeNodeXml } from '#test/hosts/node-xml.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildEvent, LibvirtChild } from './connection/child-process.ts';
import { LibvirtNodeDevices } from './node-devices.ts';

const title = skipTitle('with libvirt’s library', isLibvirtHere, libvirtAbsence);

describe.runIf(isLibvirtHere)(title, { timeout: 30_000 }, () => {
  let folder = '';
  let functions: readonly PciFunction[] = [];
  let uri = '';
  const children = new Map<string, LibvirtChild>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'novella-nodes-'));
    const root = join(folder, 'sys');
    writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), root);
    ({ functions } = await new SysfsPciBus({ root }).listFunctions());
    uri = writeNodeXml(join(folder, 'node.xml'), functions, { features: igbFeatures });
  });

  afterAll(async () => {
    await Promise.all([...children.values()].map((child) => child.close()));
    rmSync(folder, { recursive: true });
  });

  function nodeDevicesAt(at: string): LibvirtNodeDevices {
    const child = children.get(at) ?? new LibvirtChild({ uri: at, log: silentLog });
    children.set(at, child);
    return new LibvirtNodeDevices({ child });
  }

  const suite = { make: async () => nodeDevicesAt(uri), functions: async () => functions };
  describeNodeDevices('libvirt’s test driver', suite);
  describeNodeDevicesOfVfs('libvirt’s test driver', suite);

  test('the serial of a card is that of its PF and of its VFs', async () => {
    const withSerial = writeNodeXml(join(folder, 'serial.xml'), functions, {
      features: [],
      serials: { [pf0]: 'MT2042X12345' },
    });
    const known = await nodeDevicesAt(withSerial).describe(
      functions.filter(({ address }) => address === vf0 || address === pf0),
    );
    expect(known.get(pf0)).toEqual({ vpd: { cardSerialNumber: 'MT2042X12345' } });
    expect(known.get(vf0)).toEqual({ vpd: { cardSerialNumber: 'MT2042X12345' } });
  });

  test('a libvirt that lists no PCI function reports it', async () => {
    await expect(nodeDevicesAt('test:///default').describe(functions)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('libvirt lists no PCI function'),
    });
  });
});

/** A libvirt with these functions that counts requests. */
function aCountingLibvirt(functions: readonly PciFunction[]) {
  const request: string[] = [];
  const listeners: ((news: ChildEvent) => void)[] = [];
  let names = functions.map(({ address }) => nodeDeviceName(address));
  let answering = (): void => undefined;
  const call = async (procedure: string, [argument]: [unknown]) => {
    if (procedure === 'listNodeDevices') {
      request.push('list');
      return names;
    }
    const wanted = argument as string[];
    request.push(...wanted);
    answering();
    return wanted.map((name) => ({ name, xml: `<device><name>${name}</name></device>` }));
  };
  return {
    child: {
      call,
      watch(listener: (news: ChildEvent) => void) {
        listeners.push(listener);
        return () => undefined;
      },
    } as unknown as Pick<LibvirtChild, 'call' | 'watch'>,
    say: (news: ChildEvent) => {
      for (const listener of listeners) listener(news);
    },
    forget: (name: string) => {
      names = names.filter((each) => each !== name);
    },
    /** Is called while XML is read. */
    whileReading: (act: () => void) => {
      answering = act;
    },
    /** The requests since the last call. */
    request: () => request.splice(0),
  };
}

const [pf, ...vfs] = describedFunctions([{ kind: 'PF', bus: '01', vfs: 40 }]);
const wanted = vfs.slice(0, 2);
const namesOf = (functions: readonly (PciFunction | undefined)[]) =>
  functions.flatMap((fn) => (fn === undefined ? [] : [nodeDeviceName(fn.address)]));
const every = pf === undefined ? [] : [pf, ...vfs];

test('only the XML of the requested functions and their PFs is read, and once', async () => {
  const libvirt = aCountingLibvirt(every);
  let now = 0;
  const nodeDevices = new LibvirtNodeDevices({ child: libvirt.child, now: () => now });
  await nodeDevices.describe(wanted);
  expect(libvirt.request().sort()).toEqual(['list', ...namesOf([pf, ...wanted])].sort());
  now = 599_000;
  await nodeDevices.describe(wanted);
  expect(libvirt.request()).toEqual(['list']);
  now = 600_000;
  await nodeDevices.describe(wanted);
  expect(libvirt.request()).toHaveLength(4);
});

test('a function that libvirt reports as changed is read again, and all of them after an interruption', async () => {
  const libvirt = aCountingLibvirt(every);
  const nodeDevices = new LibvirtNodeDevices({ child: libvirt.child });
  let reported = 0;
  const unwatch = nodeDevices.watch(() => {
    reported += 1;
  });
  await nodeDevices.describe(wanted);
  libvirt.request();
  const [name = ''] = namesOf(wanted);
  libvirt.say({ what: 'node-device', name });
  await nodeDevices.describe(wanted);
  expect(libvirt.request()).toEqual(['list', name]);
  expect(reported).toBe(1);
  libvirt.say({ what: 'back' });
  await nodeDevices.describe(wanted);
  expect(libvirt.request()).toHaveLength(4);
  unwatch();
  libvirt.say({ what: 'node-device', name });
  expect(reported).toBe(1);
});

test('many are read in calls of 32; a missing one is unknown, and read again when it is back', async () => {
  const libvirt = aCountingLibvirt(every);
  const nodeDevices = new LibvirtNodeDevices({ child: libvirt.child });
  expect((await nodeDevices.describe(every)).size).toBe(41);
  expect(libvirt.request()).toHaveLength(42);
  const [name = ''] = namesOf(wanted);
  libvirt.forget(name);
  const known = await nodeDevices.describe(every);
  expect(known.size).toBe(40);
  expect(known.has(wanted[0]?.address ?? vf1)).toBe(false);
});

test('a function that changes while it is read is read again', async () => {
  const libvirt = aCountingLibvirt(every);
  const nodeDevices = new LibvirtNodeDevices({ child: libvirt.child });
  const [name = '', other = ''] = namesOf(wanted);
  libvirt.whileReading(() => libvirt.say({ what: 'node-device', name }));
  expect((await nodeDevices.describe(wanted)).size).toBe(2);
  libvirt.request();
  libvirt.whileReading(() => libvirt.say({ what: 'node-device', name: other }));
  // What was read before its device changed still counts in the answer that is being made.
  const known = await nodeDevices.describe(wanted);
  expect(libvirt.request()).toEqual(['list', name]);
  expect(known.size).toBe(2);
  libvirt.whileReading(() => undefined);
  await nodeDevices.describe(wanted);
  expect(libvirt.request()).toEqual(['list', other]);
});

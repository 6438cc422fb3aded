/**
 * The real taps are made in test/libvirt/open-vswitch.test.ts, which needs root, `ip` and Open
 * vSwitch.
 */
import { describeHostTaps } from '#contracts/host/host-taps.contract.ts';
import type { HostTap } from '#core/guests/description/host-tap.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { DescribedLinks } from '#test/hosts/described-links.ts';
import { expect, test } from 'vitest';
import { LinuxTaps } from './taps.ts';

describeHostTaps('simulated', async () => {
  const taps = new SimulatedTaps({ hasBridge: (bridge) => bridge === 'br-int' });
  return {
    taps,
    names: async () => taps.names,
    ports: async () => taps.portsOf('br-int'),
    stop: async () => undefined,
  };
});

describeHostTaps('ip and ovs-vsctl on a described kernel', async () => {
  const kernel = new DescribedLinks([]);
  return {
    taps: new LinuxTaps({ run: kernel.run }),
    names: async () => kernel.namesOfKind('tun'),
    ports: async () => [...kernel.ovsPorts.keys()],
    stop: async () => undefined,
  };
});

const tap: HostTap = {
  devName: 'tap6d0f5f54-9a',
  macAddress: 'fa:16:3e:5b:10:01',
  mtu: 8942,
  isMultiQueue: true,
  ovs: { bridge: 'br-int', interfaceId: 'port-1' },
};

test('a tap has what its NIC needs, and names its owner', async () => {
  const kernel = new DescribedLinks([]);
  const taps = new LinuxTaps({ run: kernel.run });
  await taps.ensureTap(tap, 'guest-1');
  expect(kernel.named(tap.devName)).toMatchObject({ mtu: 8942, isMultiQueue: true, isUp: true });
  expect(kernel.ovsPorts.get(tap.devName)).toEqual([
    'external_ids:iface-id=port-1',
    'external_ids:iface-status=active',
    'external_ids:attached-mac="fa:16:3e:5b:10:01"',
    'external_ids:vm-uuid=guest-1',
  ]);
});

test('an interface of another program with this name stays, and is named', async () => {
  const kernel = new DescribedLinks([]);
  kernel.add({ ifname: tap.devName, kind: 'veth' });
  const taps = new LinuxTaps({ run: kernel.run });
  await expect(taps.ensureTap(tap, 'guest-1')).rejects.toThrow(
    'interface tap6d0f5f54-9a exists and was not created by Novella: ip link del tap6d0f5f54-9a',
  );
  await taps.removeTap(tap);
  expect(kernel.names).toEqual([tap.devName]);
});

test('a port whose tap disappeared with a reboot of the host is removed too', async () => {
  const kernel = new DescribedLinks([]);
  const taps = new LinuxTaps({ run: kernel.run });
  await taps.ensureTap(tap, 'guest-1');
  kernel.remove(tap.devName);
  await taps.removeTap(tap);
  expect([...kernel.ovsPorts.keys()]).toEqual([]);
});

test('the reason is the first refusal, also where the tap cannot be removed again', async () => {
  const kernel = new DescribedLinks([]);
  const run: typeof kernel.run = async (command) => {
    if (command[0] === 'ovs-vsctl') throw new Error('no bridge named br-int');
    if (command.join(' ').startsWith('ip link del')) throw new Error('Device or resource busy');
    return kernel.run(command);
  };
  const taps = new LinuxTaps({ run });
  await expect(taps.ensureTap(tap, 'guest-1')).rejects.toThrow('no bridge named br-int');
});

/**
 * The real bridges in a network namespace of their own, which needs root, `ip` and a kernel with
 * bridges and veth pairs; elsewhere only the described kernel runs.
 */
import { execFileSync } from 'node:child_process';
import { describeHostBridges } from '#contracts/host/host-bridges.contract.ts';
import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { runDeviceTool, type RunProgram } from '#runtime/run-program.ts';
import { DescribedLinks } from '#test/hosts/described-links.ts';
import { expect, test } from 'vitest';
import { LinuxBridges } from './bridges.ts';

const interfaces = { physnet1: 'v0' };
const bridge = 'brqb2a7e0c4-55';

describeHostBridges(
  'simulated',
  async () => {
    const bridges = new SimulatedBridges({
      host: 'host-1',
      reaches: (physicalNetwork) => physicalNetwork === 'physnet1',
    });
    return {
      bridges,
      names: async () => bridges.names,
      uplinks: async () => bridges.uplinks,
      stop: async () => undefined,
    };
  },
  { hasVlans: true },
);

describeHostBridges(
  'ip on a described kernel',
  async () => {
    const kernel = new DescribedLinks(['v0']);
    return {
      bridges: new LinuxBridges({ host: 'host-1', interfaces, run: kernel.run }),
      names: async () => kernel.namesOfKind('bridge'),
      uplinks: async () => [...kernel.fdb].map((entry) => entry.replace(' v0', '')),
      stop: async () => undefined,
    };
  },
  { hasVlans: true },
);

function tryIp(...expected: string[]): boolean {
  try {
    execFileSync('ip', expected, { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

let count = 0;

/** A namespace with a pair of interfaces v0, v1; undefined where this machine cannot make one. */
function namespace(): { name: string; run: RunProgram; hasVlans: boolean } | undefined {
  count += 1;
  const name = `novella-${process.pid}-${count}`;
  const within = (...expected: string[]) => tryIp('-n', name, ...expected);
  if (!tryIp('netns', 'add', name)) return undefined;
  const isGood =
    within('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1') &&
    within('link', 'add', 'probe', 'type', 'bridge');
  if (!isGood) {
    tryIp('netns', 'del', name);
    return undefined;
  }
  within('link', 'del', 'probe');
  const hasVlans = within('link', 'add', 'link', 'v0', 'name', 'probe', 'type', 'vlan', 'id', '9');
  if (hasVlans) within('link', 'del', 'probe');
  return {
    name,
    hasVlans,
    run: (command) => runDeviceTool(['ip', 'netns', 'exec', name, ...command]),
  };
}

const first = namespace();
if (first !== undefined) {
  tryIp('netns', 'del', first.name);
  describeHostBridges(
    'ip on this kernel',
    async () => {
      const here = namespace()!;
      return {
        bridges: new LinuxBridges({ host: 'host-1', interfaces, run: here.run }),
        names: async () => {
          const text = await here.run(['ip', '-json', 'link', 'show', 'type', 'bridge']);
          const links = JSON.parse(text === '' ? '[]' : text) as { ifname?: string }[];
          return links.flatMap(({ ifname }) => ifname ?? []);
        },
        uplinks: async () => {
          const text = await here.run(['bridge', '-json', 'fdb', 'show', 'dev', 'v0']);
          const entries = JSON.parse(text) as { mac: string; flags: string[] }[];
          // The kernel has its own for multicast.
          return entries
            .filter(({ mac, flags }) => flags.includes('self') && mac.startsWith('fa:'))
            .map(({ mac }) => mac)
            .toSorted();
        },
        stop: async () => void tryIp('netns', 'del', here.name),
      };
    },
    first,
  );
}

function onLinks(...names: string[]) {
  const kernel = new DescribedLinks(names);
  return { kernel, bridges: new LinuxBridges({ host: 'host-1', interfaces, run: kernel.run }) };
}

test('a bridge with guests stays until the last tap is gone', async () => {
  const { kernel, bridges } = onLinks('v0');
  await bridges.ensureBridge(bridge, { physicalNetwork: 'physnet1', vlan: 42 });
  kernel.add({ ifname: 'tap6d0f5f54-9a', master: bridge });
  await bridges.releaseBridge(bridge);
  expect(kernel.namesOfKind('bridge')).toEqual([bridge]);
  kernel.remove('tap6d0f5f54-9a');
  await bridges.releaseBridge(bridge);
  expect(kernel.names).toEqual(['v0']);
});

test('a bridge of another program is used and never deleted', async () => {
  const { kernel, bridges } = onLinks('v0', 'eth9');
  kernel.add({ ifname: bridge, kind: 'bridge', alias: 'of the operator' });
  kernel.add({ ifname: 'eth9', master: bridge });
  await bridges.ensureBridge(bridge, { physicalNetwork: 'physnet1', vlan: null });
  await bridges.releaseBridge(bridge);
  expect(kernel.namesOfKind('bridge')).toEqual([bridge]);
});

test('a bridge that a crash left without its mark is adopted', async () => {
  const { kernel, bridges } = onLinks('v0');
  kernel.add({ ifname: bridge, kind: 'bridge' });
  await bridges.ensureBridge(bridge, { physicalNetwork: null, vlan: null });
  await bridges.releaseBridge(bridge);
  expect(kernel.names).toEqual(['v0']);
});

test('an interface with an address of the host does not join a bridge untagged; a VLAN on it does', async () => {
  const { kernel, bridges } = onLinks('v0');
  kernel.addresses.set('v0', '10.0.0.5/24');
  await expect(
    bridges.ensureBridge(bridge, { physicalNetwork: 'physnet1', vlan: null }),
  ).rejects.toThrow('interface v0 has the address 10.0.0.5/24 of this host, which it would lose');
  expect(kernel.names).toEqual(['v0']);
  await bridges.ensureBridge(bridge, { physicalNetwork: 'physnet1', vlan: 42 });
  expect(kernel.names).toEqual(['v0', bridge, 'v0.42']);
});

test('an interface that is already in another bridge is refused by name', async () => {
  const { kernel, bridges } = onLinks('v0');
  kernel.add({ ifname: 'br0', kind: 'bridge' });
  kernel.add({ ifname: 'v0', master: 'br0' });
  await expect(
    bridges.ensureBridge(bridge, { physicalNetwork: 'physnet1', vlan: null }),
  ).rejects.toThrow('interface v0 is a port of br0 already');
});

test('a VLAN interface whose name would be too long gets a short one', async () => {
  const kernel = new DescribedLinks(['enp129s0f0np0']);
  const long = new LinuxBridges({
    host: 'host-1',
    interfaces: { physnet1: 'enp129s0f0np0' },
    run: kernel.run,
  });
  await long.ensureBridge(bridge, { physicalNetwork: 'physnet1', vlan: 1042 });
  expect(kernel.namesOfKind('vlan')).toEqual(['nv1.1042']);
  await long.releaseBridge(bridge);
  expect(kernel.names).toEqual(['enp129s0f0np0']);
});

test('a missing interface is named', async () => {
  const { bridges } = onLinks('eth0');
  await expect(
    bridges.ensureBridge(bridge, { physicalNetwork: 'physnet1', vlan: 42 }),
  ).rejects.toThrow(
    'bridge_mappings: interface v0 of physical network physnet1 is not on this host',
  );
});

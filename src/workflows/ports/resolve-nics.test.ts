import { expect, test } from 'vitest';
import type { Caller } from '#contracts/services/identity.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import type { Host, Store } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Network, Port } from '#core/networking/port.ts';
import type { VnicType } from '#core/networking/vnic-types.ts';
import type { RequestedNic } from '#core/servers/new-server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { resolveNics } from './resolve-nics.ts';

const caller: Caller = {
  userId: 'u',
  userName: 'u',
  projectId: 'p',
  projectName: 'p',
  domainId: 'default',
  roles: ['member'],
  isAdmin: false,
  token: 't',
};

function portOf(vnicType: VnicType, more: Partial<Port> = {}): Port {
  return {
    id: `port-${vnicType}`,
    name: '',
    networkId: 'red',
    projectId: 'p',
    macAddress: 'fa:16:3e:00:00:01',
    adminStateUp: true,
    status: 'DOWN',
    deviceId: '',
    deviceOwner: '',
    fixedIps: [{ subnetId: 's', ipAddress: '10.0.0.5' }],
    vnicType,
    bindingHost: '',
    profile: {},
    vifType: 'unbound',
    vifDetails: {},
    ...more,
  };
}

function networkOf(physicalNetwork: string | null): Network {
  return {
    id: 'red',
    name: 'red',
    projectId: 'p',
    mtu: 1500,
    segments: [{ networkType: 'vlan', physicalNetwork, segmentationId: 42 }],
    subnets: [
      {
        id: 's',
        cidr: '10.0.0.0/24',
        ipVersion: 4,
        gatewayIp: null,
        dnsNameservers: [],
        hostRoutes: [],
        enableDhcp: true,
      },
    ],
  };
}

/** A context whose network service has one port and one network, and the calls made to it. */
function around(port: Port, physicalNetwork: string | null = 'physnet1', hosts: Host[] = []) {
  const calls: string[] = [];
  const network: Partial<NetworkService> = {
    async showPort(id) {
      calls.push('show_port user');
      // A user does not see the profile.
      if (id === port.id) return { ...port, profile: {} };
      throw new ComputeError('notFound', `port ${id}`);
    },
    async findNetwork(id) {
      calls.push('show_network user');
      if (id === 'red') return { id, name: 'red', hasSubnet: true };
      throw new ComputeError('notFound', `network ${id}`);
    },
    async listPorts(ids) {
      if (ids.length > 0) calls.push(`list_ports service ${ids.length}`);
      return ids.includes(port.id) ? [port] : [];
    },
    async showNetwork() {
      calls.push('show_network service');
      return networkOf(physicalNetwork);
    },
  };
  let ids = 0;
  const context = {
    network,
    clock: { now: () => 1_000 },
    newId: () => `id-${++ids}`,
    store: { hosts: { list: async () => hosts } } as unknown as Store,
  } as WorkflowContext;
  return { context, calls };
}

const byPort = (portId: string): RequestedNic => ({
  networkId: null,
  portId,
  fixedIp: null,
  tag: null,
});

const of = (requested: RequestedNic[]) => ({ requested, affinityPolicy: null });

const needing = ['show_port user', 'list_ports service 1', 'show_network service'];
const callRows: { vnicType: VnicType; calls: string[]; requests: number }[] = [
  { vnicType: 'normal', calls: ['show_port user'], requests: 0 },
  { vnicType: 'direct', calls: needing, requests: 1 },
  { vnicType: 'macvtap', calls: needing, requests: 1 },
  { vnicType: 'direct-physical', calls: needing, requests: 1 },
];

test.each(callRows)('a $vnicType port costs $calls', async ({ vnicType, calls, requests }) => {
  const around1 = around(portOf(vnicType));
  const resolved = await resolveNics(around1.context, caller, of([byPort(`port-${vnicType}`)]));
  expect(around1.calls).toEqual(calls);
  expect(resolved.pciRequests).toHaveLength(requests);
});

test('a port that is complete at the first answer is not read again', async () => {
  const port = portOf('direct', { profile: { trusted: 'true' } });
  const { context, calls } = around(port);
  const network: NetworkService = {
    ...context.network,
    showPort: async (id, by) => ({ ...(await context.network.showPort(id, by)), complete: port }),
  };
  const around2 = { ...context, network };
  const { devicePorts, pciRequests } = await resolveNics(around2, caller, of([byPort(port.id)]));
  expect(calls).toEqual(['show_port user', 'show_network service']);
  const { id, vnicType, profile } = port;
  expect(devicePorts.ports).toEqual([{ id, vnicType, profile }]);
  expect(pciRequests).toHaveLength(1);
});

test('the NIC and its PCI request share one id', async () => {
  const { context } = around(portOf('direct'));
  const { nics, pciRequests } = await resolveNics(context, caller, of([byPort('port-direct')]));
  expect(pciRequests).toEqual([
    expect.objectContaining({
      requestId: nics[0]?.pciRequestId,
      count: 1,
      requesterId: 'port-direct',
      spec: [{ physical_network: 'physnet1', remote_managed: 'False' }],
    }),
  ]);
});

test('a trusted profile that only the service user can see requests a trusted device', async () => {
  const port = portOf('direct', { profile: { trusted: true } });
  const { context } = around(port);
  const resolved = await resolveNics(context, caller, of([byPort('port-direct')]));
  expect(resolved.pciRequests[0]?.spec[0]).toMatchObject({ trusted: 'True' });
  expect(resolved.devicePorts).toEqual({
    ports: [{ id: port.id, vnicType: 'direct', profile: { trusted: true } }],
    readAt: 1_000,
  });
});

test('of several invalid NICs the first is named', async () => {
  const { context } = around(portOf('direct'));
  const ports = [byPort('port-direct'), byPort('nowhere'), byPort('nor-here')];
  await expect(resolveNics(context, caller, of(ports))).rejects.toThrow(/^networks\[1\]/);
});

const refusals: {
  name: string;
  port: Port;
  requested: RequestedNic[];
  message: RegExp;
  kind: string;
}[] = [
  {
    name: 'an unknown port',
    port: portOf('direct'),
    requested: [byPort('nowhere')],
    message: /^networks\[0\]\.port: Port id nowhere could not be found/,
    kind: 'invalid',
  },
  {
    name: 'an unknown network',
    port: portOf('direct'),
    requested: [{ ...byPort(''), portId: null, networkId: 'nowhere' }],
    message: /^networks\[0\]\.uuid: Network nowhere could not be found/,
    kind: 'invalid',
  },
  {
    name: 'a port in use',
    port: portOf('direct', { deviceId: 'server-9', deviceOwner: 'compute:nova' }),
    requested: [byPort('port-direct')],
    message: /^networks\[0\]\.port: Port port-direct is in use by compute:nova server-9/,
    kind: 'conflict',
  },
  {
    name: 'a port of another project that is visible to the owner of its network',
    port: portOf('direct', { projectId: 'other' }),
    requested: [byPort('port-direct')],
    message: /^networks\[0\]\.port: Port port-direct is not usable: it belongs to another project/,
    kind: 'invalid',
  },
  {
    name: 'a port without an address',
    port: portOf('direct', { fixedIps: [] }),
    requested: [byPort('port-direct')],
    message: /port-direct requires a FixedIP/,
    kind: 'invalid',
  },
  {
    name: 'a port named twice',
    port: portOf('normal'),
    requested: [byPort('port-normal'), byPort('port-normal')],
    message: /^networks\[1\]\.port: port port-normal is named twice/,
    kind: 'invalid',
  },
  {
    name: 'a port that can have no standby, and requests one',
    port: portOf('macvtap', { profile: { sriov_failover: true } }),
    requested: [byPort('port-macvtap')],
    message: /^networks\[0\]\.port: port port-macvtap: binding:profile sriov_failover is true/,
    kind: 'invalid',
  },
  {
    name: 'a vnic type that is not supported',
    port: portOf('smart-nic'),
    requested: [byPort('port-smart-nic')],
    message: /binding:vnic_type smart-nic, which is not supported; use normal, direct/,
    kind: 'invalid',
  },
];

test.each(refusals)('$name is refused by its name', async ({ port, requested, message, kind }) => {
  const { context } = around(port);
  const refusal = resolveNics(context, caller, of(requested));
  await expect(refusal).rejects.toThrow(message);
  await expect(refusal).rejects.toMatchObject({ kind });
});

test('the ports must belong to the server’s project, whichever user sends the request', async () => {
  const { context } = around(portOf('normal', { projectId: 'other' }));
  const networks = { ...of([byPort('port-normal')]), projectId: 'other' };
  expect((await resolveNics(context, caller, networks)).nics).toHaveLength(1);
});

function hostOffering(tags: Record<string, string | null>): Host {
  const pool = { vendorId: '8086', productId: '10ca', numaNode: null, address: '', count: 0 };
  return {
    pciStats: [{ ...pool, deviceType: 'type-VF', parentIfname: null, tags }],
  } as unknown as Host;
}

test('a direct port on a network without a physical network is refused where no host offers such a device', async () => {
  const hosts = [hostOffering({ physical_network: 'physnet1' })];
  const { context } = around(portOf('direct'), null, hosts);
  const refusal = resolveNics(context, caller, of([byPort('port-direct')]));
  await expect(refusal).rejects.toThrow(/its network red has no provider:physical_network/);
});

test('a direct port on a network without a physical network is accepted where a host offers such a device', async () => {
  const { context } = around(portOf('direct'), null, [hostOffering({ physical_network: null })]);
  const { pciRequests } = await resolveNics(context, caller, of([byPort('port-direct')]));
  expect(pciRequests[0]?.spec[0]).toMatchObject({ physical_network: null });
});

test('the policy of flavor or image applies where the port has none', async () => {
  const policyOf = async (port: Port) => {
    const requested = [byPort('port-direct')];
    const { context } = around(port);
    const { pciRequests } = await resolveNics(context, caller, {
      requested,
      affinityPolicy: 'socket',
    });
    return pciRequests[0]?.numaPolicy;
  };
  const port = portOf('direct');
  expect(await policyOf(port)).toBe('socket');
  expect(await policyOf({ ...port, numaPolicy: 'required' })).toBe('required');
});

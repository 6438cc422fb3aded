/** What every network store must do. */
import { expect, test } from 'vitest';
import type {
  NetworkStore,
  StoredNetwork,
  StoredPort,
  StoredSecurityGroup,
  StoredSecurityGroupRule,
  StoredSubnet,
} from './network-store.ts';

const kept = {
  projectId: 'p1',
  name: 'n',
  description: '',
  revision: 1,
  createdAt: 1,
  updatedAt: 1,
  tags: ['blue', 'a "b"'],
};
const network: StoredNetwork = {
  ...kept,
  id: 'net1',
  adminStateUp: true,
  shared: false,
  external: false,
  portSecurityEnabled: true,
  mtu: 1500,
  networkType: 'vlan',
  physicalNetwork: 'physnet1',
  segmentationId: 42,
};
const subnet: StoredSubnet = {
  ...kept,
  id: 'sub1',
  networkId: 'net1',
  ipVersion: 4,
  cidr: '10.0.0.0/24',
  gatewayIp: null,
  allocationPools: [{ start: '10.0.0.2', end: '10.0.0.254' }],
  dnsNameservers: ['9.9.9.9'],
  hostRoutes: [],
  enableDhcp: true,
};
const port: StoredPort = {
  ...kept,
  id: 'port1',
  networkId: 'net1',
  macAddress: 'fa:16:3e:00:00:01',
  adminStateUp: true,
  status: 'DOWN',
  deviceId: '',
  deviceOwner: '',
  fixedIps: [{ subnetId: 'sub1', ipAddress: '10.0.0.5' }],
  securityGroupIds: ['g'],
  portSecurityEnabled: true,
  vnicType: 'direct',
  numaAffinityPolicy: 'preferred',
  bindingHost: '',
  profile: { trusted: 'true' },
  vifType: 'unbound',
  vifDetails: {},
};
const group: StoredSecurityGroup = { ...kept, id: 'g1', name: 'default' };
const rule: StoredSecurityGroupRule = {
  id: 'r1',
  projectId: 'p1',
  description: '',
  revision: 0,
  createdAt: 1,
  updatedAt: 1,
  securityGroupId: 'g1',
  direction: 'ingress',
  ethertype: 'IPv4',
  protocol: 'tcp',
  portRangeMin: 22,
  portRangeMax: 22,
  remoteIpPrefix: null,
  remoteGroupId: null,
};

export function networkStoreContract(open: () => Promise<NetworkStore>): void {
  const filled = async () => {
    const store = await open();
    await store.addNetwork(network);
    await store.addSubnet(subnet);
    await store.addPort(port);
    return store;
  };

  test('limits are set for a project, changed and cleared; beside them stands what it has', async () => {
    const store = await filled();
    expect(await store.usage('ports', 'p1')).toEqual({ used: 1, limit: null });
    await store.setLimit('p1', 'networks', 5);
    await store.setLimit('p1', 'ports', -1);
    await store.setLimit('p2', 'ports', 7);
    await store.setLimit('p1', 'networks', 6);
    expect(await store.usage('networks', 'p1')).toEqual({ used: 1, limit: 6 });
    expect(await store.usage('ports', 'p1')).toEqual({ used: 1, limit: -1 });
    expect(await store.clearLimits('p1')).toBe(true);
    expect(await store.clearLimits('p1')).toBe(false);
    expect(await store.usage('networks', 'p1')).toEqual({ used: 1, limit: null });
    expect(await store.usage('ports', 'p2')).toEqual({ used: 0, limit: 7 });
  });

  test('returns networks, subnets and ports as they were added', async () => {
    const store = await filled();
    expect(await store.network('net1')).toEqual(network);
    expect(await store.subnets('net1')).toEqual([subnet]);
    expect(await store.subnets('net2')).toEqual([]);
    expect(await store.port('port1')).toEqual(port);
    expect(await store.takenAddresses('sub1')).toEqual(new Set(['10.0.0.5']));
  });

  test('a network is read with its subnets, oldest first', async () => {
    const store = await filled();
    const older: StoredSubnet = { ...subnet, id: 'sub2', cidr: '10.0.1.0/24', createdAt: 0 };
    await store.addSubnet(older);
    const without: StoredNetwork = { ...network, id: 'net2', segmentationId: 43 };
    await store.addNetwork(without);
    expect(await store.networkWithSubnets('net1')).toEqual({ network, subnets: [older, subnet] });
    expect(await store.networkWithSubnets('net2')).toEqual({ network: without, subnets: [] });
    expect(await store.networkWithSubnets('net3')).toBeUndefined();
  });

  test('a port has its addresses in their order, alone and in a list', async () => {
    const store = await filled();
    const fixedIps = ['10.0.0.9', '10.0.0.7'].map((ipAddress) => ({ subnetId: 'sub1', ipAddress }));
    const macAddress = 'fa:16:3e:00:00:02';
    const two: StoredPort = { ...port, id: 'port2', macAddress, fixedIps, deviceId: 'vm' };
    const none: StoredPort = { ...two, id: 'port3', macAddress: 'fa:16:3e:00:00:03', fixedIps: [] };
    await store.addPort(two);
    await store.addPort(none);
    expect(await store.port('port2')).toEqual(two);
    expect(await store.port('port3')).toEqual(none);
    expect(await store.port('port4')).toBeUndefined();
    expect(await store.ports({ ids: ['port3', 'port2', 'port4'] })).toEqual([two, none]);
    expect(await store.ports({ deviceId: 'vm' })).toEqual([two, none]);
    expect(await store.ports({ projectId: 'p1' })).toEqual([port, two, none]);
  });

  test('a port is replaced only as it was read, and never by a MAC that is taken', async () => {
    const store = await filled();
    const renamed: StoredPort = { ...port, name: 'other', revision: 2 };
    expect(await store.replacePort(renamed, port)).toBe(true);
    expect(await store.port('port1')).toEqual(renamed);
    expect(await store.replacePort({ ...port, name: 'late', revision: 2 }, port)).toBe(false);
    expect(await store.port('port1')).toEqual(renamed);
    const two = { ...port, id: 'port2', macAddress: 'fa:16:3e:00:00:02', fixedIps: [] };
    await store.addPort(two);
    const taken = { ...renamed, macAddress: two.macAddress, revision: 3 };
    await expect(store.replacePort(taken, renamed)).rejects.toMatchObject({ kind: 'conflict' });
    await store.removePort('port1');
    expect(await store.replacePort({ ...renamed, revision: 3 }, renamed)).toBe(false);
  });

  test('an update of what was read keeps what it does not change', async () => {
    const store = await filled();
    const renamed: StoredPort = { ...port, name: 'other', profile: {}, revision: 2 };
    await store.updatePort(renamed, port);
    expect(await store.port('port1')).toEqual(renamed);
    const moved = { ...renamed, fixedIps: [{ subnetId: 'sub1', ipAddress: '10.0.0.6' }] };
    await store.updatePort(moved, renamed);
    expect(await store.port('port1')).toEqual(moved);
    await store.updatePort(moved, moved);
    expect(await store.port('port1')).toEqual(moved);
    const shared = { ...network, shared: true };
    await store.updateNetwork(shared, network);
    expect(await store.network('net1')).toEqual(shared);
    const off = { ...subnet, enableDhcp: false, hostRoutes: [] };
    await store.updateSubnet(off, subnet);
    expect(await store.subnet('sub1')).toEqual(off);
  });

  test('counts the resources of a project', async () => {
    const store = await filled();
    for (const resources of ['networks', 'subnets', 'ports'] as const) {
      expect(await store.usage(resources, 'p1')).toMatchObject({ used: 1 });
      expect(await store.usage(resources, 'p2')).toMatchObject({ used: 0 });
    }
    expect(await store.usage('securityGroups', 'p1')).toMatchObject({ used: 0 });
    expect(await store.usage('securityGroupRules', 'p1')).toMatchObject({ used: 0 });
  });

  test('refuses a duplicate segment, flat networks included', async () => {
    const store = await filled();
    await expect(store.addNetwork({ ...network, id: 'net2' })).rejects.toThrow('vlan 42');
    const flat: StoredNetwork = { ...network, networkType: 'flat', segmentationId: null };
    await store.addNetwork({ ...flat, id: 'flat1' });
    await expect(store.addNetwork({ ...flat, id: 'flat2' })).rejects.toThrow('flat');
  });

  test('refuses a duplicate address in a subnet and a duplicate MAC on a network', async () => {
    const store = await filled();
    const other = { ...port, id: 'port2' };
    await expect(store.addPort(other)).rejects.toThrow('fa:16:3e:00:00:01');
    await expect(
      store.atomic((rows) => rows.addPort({ ...other, macAddress: 'fa:16:3e:00:00:02' })),
    ).rejects.toThrow('10.0.0.5');
    expect(await store.port('port2')).toBeUndefined();
  });

  test('finds ports by each filter', async () => {
    const store = await filled();
    await store.updatePort({ ...port, deviceId: 'vm1', revision: 2 });
    const count = async (filter: Parameters<NetworkStore['ports']>[0]) =>
      (await store.ports(filter)).length;
    expect(await count({ deviceId: 'vm1' })).toBe(1);
    expect(await count({ deviceId: 'vm2' })).toBe(0);
    expect(await count({ projectId: 'p1', networkId: 'net1', name: 'n' })).toBe(1);
    expect(await count({ name: 'other' })).toBe(0);
    expect(await count({ visibleTo: 'p1' })).toBe(1);
    expect(await count({ visibleTo: 'p2' })).toBe(0);
  });

  test('pages of ports follow each other in the order of the list', async () => {
    const store = await filled();
    const ids = ['port4', 'port2', 'port3'];
    for (const [at, id] of ids.entries()) {
      const macAddress = `fa:16:3e:00:01:0${at}`;
      await store.addPort({ ...port, id, macAddress, fixedIps: [], deviceId: 'vm', name: id });
    }
    const all = await store.ports({ visibleTo: 'p1' });
    const found: StoredPort[] = [];
    for (;;) {
      const after = found.at(-1)?.id;
      const place = after === undefined ? {} : { after };
      const page = await store.portPage({ visibleTo: 'p1' }, { ...place, limit: 2 });
      if (page === undefined || page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(2);
      found.push(...page);
    }
    expect(found).toEqual(all);
    const filter = { deviceId: 'vm' };
    expect(await store.portPage(filter, { limit: 9 })).toEqual(await store.ports(filter));
    const later = await store.portPage(filter, { after: 'port2', limit: 1 });
    expect(later?.map(({ id }) => id)).toEqual(['port3']);
    for (const after of ['port1', 'port5']) {
      expect(await store.portPage(filter, { after, limit: 9 })).toBeUndefined();
    }
    expect(await store.portPage({ visibleTo: 'p2' }, { limit: 9 })).toEqual([]);
  });

  test('the groups of ports are found by port; one that does not exist is omitted', async () => {
    const store = await filled();
    expect(await store.portGroups(['port0', 'port1'])).toEqual(new Map([['port1', ['g']]]));
    expect(await store.portGroups([])).toEqual(new Map());
  });

  test('a project sees its ports, and those of others on its networks', async () => {
    const store = await filled();
    await store.updatePort({ ...port, projectId: 'p2' });
    const seen = async (visibleTo: string) => (await store.ports({ visibleTo })).length;
    expect([await seen('p1'), await seen('p2'), await seen('p3')]).toEqual([1, 1, 0]);
  });

  test('a change of a port replaces its addresses, and removing it frees them', async () => {
    const store = await filled();
    const fixedIps = [{ subnetId: 'sub1', ipAddress: '10.0.0.9' }];
    await store.updatePort({ ...port, fixedIps });
    expect(await store.takenAddresses('sub1')).toEqual(new Set(['10.0.0.9']));
    await store.removePort('port1');
    expect(await store.takenAddresses('sub1')).toEqual(new Set());
    expect(await store.isMacTaken('net1', port.macAddress)).toBe(false);
  });

  test('inactive bindings are one per host, and are deleted with their port', async () => {
    const store = await filled();
    const { vnicType, profile } = port;
    const waits = { portId: 'port1', host: 'h2', vnicType, profile };
    const binding = { ...waits, vifType: 'hw_veb', vifDetails: { vlan: '42' } };
    await store.addPortBinding({ ...binding, host: 'h3' });
    await store.addPortBinding(binding);
    await expect(store.addPortBinding(binding)).rejects.toThrow('h2');
    expect(await store.portBindings('port1')).toEqual([binding, { ...binding, host: 'h3' }]);
    await store.removePortBinding('port1', 'h3');
    expect(await store.portBindings('port1')).toEqual([binding]);
    await store.removePort('port1');
    expect(await store.portBindings('port1')).toEqual([]);
  });

  test('subnets are deleted with their network', async () => {
    const store = await filled();
    await store.removePort('port1');
    await store.removeNetwork('net1');
    expect(await store.subnets()).toEqual([]);
  });

  test('an error in a transaction undoes all of it', async () => {
    const store = await filled();
    const work = store.atomic(async (rows) => {
      await rows.updateNetwork({ ...network, name: 'renamed' });
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect((await store.network('net1'))?.name).toBe('n');
  });

  test('a project has one default security group; rules are deleted with their group', async () => {
    const store = await open();
    await store.addSecurityGroup(group, [rule]);
    await expect(store.addSecurityGroup({ ...group, id: 'g2' }, [])).rejects.toThrow('default');
    expect(await store.securityGroups('p1')).toEqual([group]);
    expect(await store.securityGroupRules('p1')).toEqual([rule]);
    expect(await store.securityGroupsOf(['g0', 'g1'])).toEqual([group]);
    expect(await store.securityGroupRulesOf(['g0', 'g1'])).toEqual([rule]);
    const changed = { ...group, description: 'd', tags: ['t'], revision: 2 };
    await store.updateSecurityGroup(changed);
    expect(await store.securityGroup('g1')).toEqual(changed);
    await store.removeSecurityGroup('g1');
    expect(await store.securityGroupRules()).toEqual([]);
  });
}

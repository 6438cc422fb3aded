/** The suite that every network service must pass for the compute side. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bindChange, bindingProblem, unbindChange } from '#core/networking/binding/port-binding.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import type { Caller } from './identity.ts';
import type { NetworkService, NewPort } from './network.ts';

export interface NetworkUnderTest {
  network: NetworkService;
  /** No admin; its project has no network of its own at first. */
  member: Caller;
  /** Of the network below; an admin. */
  owner: Caller;
  /**
   * Shared, provider VLAN on `physicalNetwork`, with one IPv4 subnet that has DHCP and a gateway.
   */
  networkId: string;
  physicalNetwork: string;
  vlan: number;
  /** Hosts by name: two that reach the physical network, and one that does not. */
  host: string;
  secondHost: string;
  hostElsewhere: string;
  /** A port of the member's project on the network. */
  makePort(vnicType: string): Promise<string>;
  /** A port of another project there. */
  makeForeignPort(): Promise<string>;
  /** A network of the member's project. */
  makeOwnNetwork(name: string): Promise<string>;
  /** A network of another project, not shared. */
  makeForeignNetwork(): Promise<string>;
  stop(): Promise<void>;
}

const serverId = '7b2a0c4e-5555-4000-8000-000000000001';
const unknownId = '00000000-0000-4000-8000-000000000000';
const device = {
  address: parsePciAddress('0000:81:00.1'),
  vendorId: '8086',
  productId: '154c',
  deviceType: 'type-VF' as const,
  macAddress: null,
  capabilities: {},
};

export function describeNetworkService(name: string, make: () => Promise<NetworkUnderTest>): void {
  describe(`network service contract: ${name}`, () => {
    let world: NetworkUnderTest;
    beforeAll(async () => {
      world = await make();
    });
    afterAll(() => world.stop());

    const bind = async (portId: string, host: string) => {
      const { network, networkId, physicalNetwork } = world;
      const [port = { profile: {} }] = await network.listPorts([portId]);
      const binding = { port, serverId, zone: 'nova', host, device, physicalNetwork };
      const bound = await network.updatePort(portId, bindChange(binding));
      return { bound, seen: await network.showNetwork(networkId) };
    };
    const createPort = (caller: Caller, change: Partial<NewPort> = {}) => {
      const { networkId } = world;
      const { projectId } = caller;
      const requested = { networkId, projectId, deviceId: serverId, fixedIp: null, ...change };
      return world.network.createPort(requested, caller);
    };

    test('a network has its segment and subnets for the service, and the fact that it can be booted on for a member', async () => {
      const { network, networkId, physicalNetwork, vlan, member } = world;
      const seen = await network.showNetwork(networkId);
      expect(seen).toMatchObject({
        id: networkId,
        segments: [{ networkType: 'vlan', physicalNetwork, segmentationId: vlan }],
        subnets: [{ ipVersion: 4, enableDhcp: true, gatewayIp: expect.any(String) }],
      });
      const asMember = { id: networkId, name: seen.name, hasSubnet: true };
      expect(await network.findNetwork(networkId, member)).toEqual(asMember);
    });

    test('an unknown network, port or group is not found', async () => {
      const { network, member } = world;
      const gone = { kind: 'notFound', message: expect.stringContaining(unknownId) };
      await expect(network.showNetwork(unknownId)).rejects.toMatchObject(gone);
      await expect(network.findNetwork(unknownId, member)).rejects.toMatchObject(gone);
      await expect(network.showPort(unknownId, member)).rejects.toMatchObject(gone);
    });

    test('a port has the security groups of its creation, else the project’s default, until they are changed', async () => {
      const { network, member } = world;
      const { projectId } = member;
      const groups = await network.listSecurityGroups({ projectId }, member);
      const [group, ...others] = groups.filter(({ name }) => name === 'default');
      expect(others).toEqual([]);
      expect(group).toMatchObject({ projectId });
      const directions = group?.rules.map(({ direction }) => direction).toSorted();
      expect(directions).toEqual(['egress', 'egress', 'ingress', 'ingress']);
      const id = group?.id ?? '';
      expect(await network.listSecurityGroups({ ids: [unknownId, id] }, member)).toEqual([group]);
      expect(await network.listSecurityGroups({ ids: [] }, member)).toEqual([]);
      const shown = await network.listSecurityGroups({ ids: [unknownId, id] }, member, true);
      expect(shown).toMatchObject([{ id, name: 'default', projectId }]);

      const plain = await createPort(member);
      const named = await createPort(member, { securityGroupIds: [id] });
      expect([plain, named].map((port) => port.securityGroupIds)).toEqual([[id], [id]]);
      await network.updatePort(named.id, { securityGroupIds: [] });
      const [changed] = await network.listPorts([named.id]);
      expect(changed).toMatchObject({ securityGroupIds: [], portSecurityEnabled: true });
      expect(await network.listPortGroups([unknownId, plain.id, named.id])).toEqual(
        new Map([
          [plain.id, [id]],
          [named.id, []],
        ]),
      );
      for (const port of [plain, named]) await network.deletePort(port.id);
    });

    test('a member sees no security group of another project', async () => {
      const { network, member, owner } = world;
      const { projectId } = owner;
      const [foreign] = await network.listSecurityGroups({ projectId }, owner);
      expect(foreign).toMatchObject({ projectId });
      expect(await network.listSecurityGroups({ projectId }, member)).toEqual([]);
      const ids = [foreign?.id ?? ''];
      expect(await network.listSecurityGroups({ ids }, member)).toEqual([]);
    });

    test('several ports are read at once; one that does not exist is omitted', async () => {
      const { network } = world;
      const ids = [await world.makePort('direct'), await world.makePort('normal')];
      const ports = await network.listPorts([unknownId, ...ids]);
      expect(ports.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(await network.listPorts([])).toEqual([]);
    });

    test('agents, where they exist, list their host and the networks they serve', async () => {
      const { network, host, physicalNetwork } = world;
      const agents = await network.listAgents();
      expect(agents.on('no-such-host')).toEqual([]);
      if (agents.all.length === 0) return;
      expect(agents.on(host)).toContainEqual(
        expect.objectContaining({
          kind: 'NIC Switch agent',
          isAlive: true,
          physicalNetworks: [physicalNetwork],
        }),
      );
    });

    test('another project’s port does not exist for a member, and does for the service', async () => {
      const id = await world.makeForeignPort();
      await expect(world.network.showPort(id, world.member)).rejects.toMatchObject({
        kind: 'notFound',
      });
      expect((await world.network.listPorts([id])).map((port) => port.id)).toEqual([id]);
    });

    test('a member sees what it requested of its port, not where the port is bound', async () => {
      const id = await world.makePort('macvtap');
      expect(await world.network.showPort(id, world.member)).toMatchObject({
        id,
        networkId: world.networkId,
        projectId: world.member.projectId,
        vnicType: 'macvtap',
        adminStateUp: true,
        deviceId: '',
        bindingHost: '',
        profile: {},
        fixedIps: [{ subnetId: expect.any(String), ipAddress: expect.any(String) }],
      });
    });

    test('a direct port is bound with its device, found by its server, and released', async () => {
      const { network, host, physicalNetwork, vlan } = world;
      const id = await world.makePort('direct');
      await network.updatePort(id, { profile: { trusted: true } });
      const { bound, seen } = await bind(id, host);
      const written = {
        pci_vendor_info: '8086:154c',
        pci_slot: '0000:81:00.1',
        physical_network: physicalNetwork,
      };
      expect(bound).toMatchObject({
        deviceId: serverId,
        deviceOwner: 'compute:nova',
        bindingHost: host,
        vifType: 'hw_veb',
        vifDetails: { vlan: String(vlan) },
        profile: { ...written, trusted: true },
      });
      expect(bindingProblem(bound, { host, network: seen })).toBeUndefined();
      expect((await network.listServerPorts(serverId)).map((port) => port.id)).toContain(id);
      const free = await network.updatePort(id, unbindChange(bound));
      expect(free).toMatchObject({
        deviceId: '',
        deviceOwner: '',
        bindingHost: '',
        vifType: 'unbound',
        profile: { trusted: true },
      });
      expect((await network.listServerPorts(serverId)).map((port) => port.id)).not.toContain(id);
    });

    test('a host without the network answers with vif_type binding_failed', async () => {
      const { bound, seen } = await bind(await world.makePort('direct'), world.hostElsewhere);
      expect(bound.vifType).toBe('binding_failed');
      const place = { host: world.hostElsewhere, network: seen };
      expect(bindingProblem(bound, place)?.code).toBe('port-binding-failed');
      await world.network.updatePort(bound.id, unbindChange(bound));
    });

    test('a port is bound to a second host, moved there, and unbound from the first', async () => {
      const { network, host, secondHost, vlan } = world;
      const id = await world.makePort('direct');
      const { bound } = await bind(id, host);
      const profile = { ...bound.profile, pci_slot: '0000:82:00.2' };
      const requested = { host: secondHost, vnicType: 'direct', profile } as const;
      const waits = { ...requested, isActive: false, vifType: 'hw_veb' };
      expect(await network.addPortBinding(id, requested)).toMatchObject(waits);
      expect((await network.listPorts([id]))[0]).toMatchObject({
        bindingHost: host,
        profile: bound.profile,
      });
      await expect(network.addPortBinding(id, requested)).rejects.toMatchObject({
        kind: 'conflict',
      });
      await network.activatePortBinding(id, secondHost);
      expect((await network.listPorts([id]))[0]).toMatchObject({
        bindingHost: secondHost,
        vifType: 'hw_veb',
        vifDetails: { vlan: String(vlan) },
        profile,
      });
      const left = (await network.listPortBindings(id)).toSorted((one) => (one.isActive ? -1 : 1));
      expect(left).toMatchObject([
        { host: secondHost, isActive: true },
        { host, isActive: false, vifType: 'unbound' },
      ]);
      await expect(network.activatePortBinding(id, secondHost)).rejects.toMatchObject({
        kind: 'conflict',
      });
      await network.removePortBinding(id, host);
      await network.removePortBinding(id, host);
      expect(await network.listPortBindings(id)).toHaveLength(1);
      await expect(network.activatePortBinding(id, host)).rejects.toMatchObject({
        kind: 'notFound',
      });
      await network.updatePort(id, unbindChange(bound));
    });

    test('a binding that no agent can make, or of a port without a server, is refused', async () => {
      const { network, host, hostElsewhere } = world;
      const id = await world.makePort('direct');
      const requested = { host: hostElsewhere, vnicType: 'direct', profile: {} } as const;
      await expect(network.addPortBinding(id, requested)).rejects.toMatchObject({
        kind: 'invalid',
      });
      await expect(network.listPortBindings(unknownId)).rejects.toMatchObject({
        kind: 'notFound',
      });
      const { bound } = await bind(id, host);
      await expect(network.addPortBinding(id, requested)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining(`Binding for port ${id} on host ${hostElsewhere}`),
      });
      expect(await network.listPortBindings(id)).toMatchObject([{ host, isActive: true }]);
      await network.updatePort(id, unbindChange(bound));
    });

    test('a port is created for a server, and deleting it twice is no error', async () => {
      const { network, member } = world;
      const port = await createPort(member);
      expect(port).toMatchObject({
        deviceId: serverId,
        projectId: member.projectId,
        vnicType: 'normal',
      });
      await network.deletePort(port.id);
      await network.deletePort(port.id);
      expect(await network.listPorts([port.id])).toEqual([]);
    });

    test('a port is created with the rights of its user: another project’s network does not exist for it', async () => {
      const networkId = await world.makeForeignNetwork();
      await expect(createPort(world.member, { networkId })).rejects.toMatchObject({
        kind: 'notFound',
        message: expect.stringContaining(networkId),
      });
    });

    test('an address in use is a conflict, with the service’s message', async () => {
      const { network, owner } = world;
      const port = await createPort(owner);
      const fixedIp = port.fixedIps[0]?.ipAddress ?? '';
      await expect(createPort(owner, { fixedIp })).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining(fixedIp),
      });
      await network.deletePort(port.id);
    });

    test('a project boots on shared networks, and on its own once it has one', async () => {
      const { network, networkId, member } = world;
      const ids = async () => (await network.listBootableNetworks(member)).map(({ id }) => id);
      expect(await ids()).toContain(networkId);
      const own = await world.makeOwnNetwork('own');
      expect(await ids()).toEqual([own]);
    });
  });
}

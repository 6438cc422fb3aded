/**
 * Ports of NICs that name a network: created during the request, kept from host to host, and never
 * orphaned, whatever happens.
 */
import { expect } from 'vitest';
import { besideFaulty, killableBesideFaulty } from '#test/worlds/beside-faulty.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import type { Fault, Mischief } from '#test/worlds/faulty-proxy.ts';

const portsOf = async (cloud: Cloud) => (await cloud.ok('network', 'GET', '/ports')).ports;
const serversOf = async (cloud: Cloud) => (await cloud.ok('compute', 'GET', '/servers')).servers;

/** The creations of ports, in their order, meet these faults. */
function atCreations(...faults: (Fault | undefined)[]): Mischief {
  return ({ method, path }) =>
    method === 'POST' && path.endsWith('/ports') ? faults.shift() : undefined;
}

/** The answer to a boot, whatever it is. */
async function askToBoot(cloud: Cloud, networks: object[], more = {}) {
  const { images } = await cloud.ok('image', 'GET', '/v2/images');
  const server = { name: 's', flavorRef: '1', imageRef: images[0].id, networks, ...more };
  return cloud.send('compute', 'POST', '/servers', { body: { server } });
}

async function expectNothing(cloud: Cloud): Promise<void> {
  await cloud.until(async () => {
    const left = [await serversOf(cloud), await portsOf(cloud)];
    return { done: left.flat().length === 0, value: left };
  });
}

/** The events of an action that the server had. */
async function eventsOf(cloud: Cloud, server: string, action: string): Promise<string[]> {
  const path = `/servers/${server}/os-instance-actions`;
  const { instanceActions } = await cloud.ok('compute', 'GET', path);
  const request = instanceActions.find((each: { action: string }) => each.action === action);
  const { instanceAction } = await cloud.ok('compute', 'GET', `${path}/${request.request_id}`);
  return instanceAction.events.map(({ event }: { event: string }) => event);
}

scenario(
  'a refusal of the network service is returned at once, and no server stays',
  async (cloud) => {
    const red = await cloud.network('red');
    const taken = { uuid: red, fixed_ip: '10.42.0.9' };
    const first = await cloud.boot([taken]);
    await cloud.settled(first, 'ACTIVE');
    const [mine] = await portsOf(cloud);
    const port = await cloud.port(red, 'direct');
    const reply = await askToBoot(cloud, [{ port }, { uuid: red }, taken]);
    expect(reply).toMatchObject({
      status: 400,
      body: {
        badRequest: {
          message: expect.stringMatching(
            `^networks\\[2\\]\\.uuid: no port can be made on network ${red} with the address 10.42.0.9: `,
          ),
        },
      },
    });
    const again = await askToBoot(cloud, [{ port }]);
    expect(again.status).toBe(202);
    const second = again.body.server.id;
    await cloud.settled(second, 'ACTIVE');
    await cloud.until(async () => {
      const left = await serversOf(cloud);
      return { done: left.length === 2, value: left };
    });
    const ids = (await portsOf(cloud)).map(({ id }: { id: string }) => id);
    expect(new Set(ids)).toEqual(new Set([mine.id, port]));
    expect(await cloud.showPort(port)).toMatchObject({ device_id: second });

    const path = `/servers/${first}/os-interface`;
    const body = { interfaceAttachment: { net_id: red, fixed_ips: [{ ip_address: '10.42.0.9' }] } };
    expect(await cloud.send('compute', 'POST', path, { body })).toMatchObject({
      status: 409,
      body: {
        conflictingRequest: { message: expect.stringContaining('interfaceAttachment.net_id') },
      },
    });
    await cloud.settled(first, 'ACTIVE');
    expect(await portsOf(cloud)).toHaveLength(2);
    expect((await cloud.ok('compute', 'GET', path)).interfaceAttachments).toHaveLength(1);
  },
);

scenario('several servers of one request each get a port of their own', async (cloud) => {
  const red = await cloud.network('red');
  const { status } = await askToBoot(cloud, [{ uuid: red }], { min_count: 3 });
  expect(status).toBe(202);
  const ids = (await serversOf(cloud)).map(({ id }: { id: string }) => id);
  for (const id of ids) await cloud.settled(id, 'ACTIVE');
  const owners = (await portsOf(cloud)).map((port: { device_id: string }) => port.device_id);
  expect([ids.length, owners.toSorted()]).toEqual([3, ids.toSorted()]);
  for (const id of ids) await cloud.send('compute', 'DELETE', `/servers/${id}`);
  await expectNothing(cloud);
});

scenario(
  'the next host gets the same port; with no host left the port is deleted',
  async (cloud, running) => {
    const red = await cloud.network('red');
    const strike = (host: string) => running.hosts.setFault(host, 'disk-full', true);
    strike('host-1');
    const lucky = await cloud.boot([{ uuid: red }]);
    const server = await cloud.settled(lucky, 'ACTIVE', 'ERROR');
    expect([server.status, server['OS-EXT-SRV-ATTR:host']]).toEqual(['ACTIVE', 'host-2']);
    const events = await eventsOf(cloud, lucky, 'create');
    expect(events.filter((event) => event === 'make_ports')).toHaveLength(1);
    expect(events.filter((event) => event === 'bind_ports')).toHaveLength(2);
    expect(await portsOf(cloud)).toMatchObject([
      { device_id: lucky, device_owner: 'compute:nova', 'binding:host_id': 'host-2' },
    ]);
    await cloud.send('compute', 'DELETE', `/servers/${lucky}`);
    await expectNothing(cloud);

    strike('host-2');
    const unlucky = await cloud.boot([{ uuid: red }]);
    const { fault } = await cloud.settled(unlucky, 'ACTIVE', 'ERROR');
    expect(fault.message).toMatch(/No valid host.*No space left on device/);
    expect(await portsOf(cloud)).toEqual([]);
  },
);

scenario('a server that fits nowhere keeps no port', async (cloud) => {
  const red = await cloud.network('red');
  const { flavor } = await cloud.ok('compute', 'POST', '/flavors', {
    flavor: { name: 'huge', ram: 64, vcpus: 1_000, disk: 0 },
  });
  const id = await cloud.boot([{ uuid: red }], { flavorRef: flavor.id });
  const { fault } = await cloud.settled(id, 'ACTIVE', 'ERROR');
  expect(fault.message).toMatch(/No valid host/);
  expect(await portsOf(cloud)).toEqual([]);
});

for (const fault of ['lost', 'unanswered', 'withheld', 'half'] as const) {
  scenario(`a creation that is ${fault} leaves neither server nor port`, async (first, running) => {
    const beside = await besideFaulty(running, atCreations(undefined, fault, fault));
    try {
      const { cloud } = beside;
      const red = await first.network('red');
      const id = await cloud.boot([{ uuid: red }]);
      await cloud.settled(id, 'ACTIVE');
      expect(await askToBoot(cloud, [{ uuid: red }])).toMatchObject({
        status: 503,
        body: {
          serviceUnavailable: {
            message: expect.stringMatching(/networks\[0\]\.uuid: .* does not answer: /),
          },
        },
      });
      const body = { interfaceAttachment: { net_id: red } };
      const attach = await cloud.send('compute', 'POST', `/servers/${id}/os-interface`, { body });
      expect(attach.status).toBe(503);
      await cloud.settled(id, 'ACTIVE');
      await cloud.until(async () => {
        const left = [await serversOf(cloud), await portsOf(first)];
        return { done: left.flat().length === 2, value: left };
      });
      await cloud.send('compute', 'DELETE', `/servers/${id}`);
      await expectNothing(cloud);
    } finally {
      await beside.stop();
    }
  });
}

scenario(
  'a server that is deleted while its ports are created keeps none',
  async (first, running) => {
    const deleted = Promise.withResolvers<undefined>();
    const held: Mischief = ({ method, path }) =>
      method === 'POST' && path.endsWith('/ports') ? deleted.promise : undefined;
    const beside = await besideFaulty(running, held, { timeout: 30 });
    try {
      const { cloud } = beside;
      const red = await first.network('red');
      const request = askToBoot(cloud, [{ uuid: red }, { uuid: red }]);
      const [{ id }] = await first.until(async () => {
        const servers = await serversOf(cloud);
        return { done: servers.length === 1, value: servers };
      });
      expect((await cloud.send('compute', 'DELETE', `/servers/${id}`)).status).toBe(204);
      deleted.resolve(undefined);
      expect(await request).toMatchObject({
        status: 409,
        body: { conflictingRequest: { message: expect.stringContaining(`${id} was deleted`) } },
      });
      await cloud.gone(id);
      await expectNothing(first);
    } finally {
      await beside.stop();
    }
  },
);

scenario(
  'kill -9 while a port is created: the next start leaves neither server nor port, and no NIC',
  async (first, running) => {
    const beside = await killableBesideFaulty(
      running,
      atCreations(undefined, 'withheld', undefined, 'withheld'),
    );
    try {
      const red = await first.network('red');
      let cloud = await beside.cloud();
      const id = await cloud.boot([{ uuid: red }]);
      await cloud.settled(id, 'ACTIVE');
      const made = async (count: number) =>
        first.until(async () => {
          const ports = await portsOf(first);
          return { done: ports.length === count, value: ports };
        });
      const cutOff = async (request: Promise<unknown>, ports: number) => {
        const ended = request.catch(() => 'cut off');
        await made(ports);
        await beside.kill();
        expect(await ended).toBe('cut off');
        await beside.start();
        cloud = await beside.cloud();
        await made(1);
      };
      await cutOff(askToBoot(cloud, [{ uuid: red }, { uuid: red }]), 3);
      await cloud.until(async () => {
        const servers = await serversOf(cloud);
        return { done: servers.length === 1, value: servers };
      });
      const body = { interfaceAttachment: { net_id: red } };
      const path = `/servers/${id}/os-interface`;
      await cutOff(cloud.send('compute', 'POST', path, { body }), 2);
      await cloud.settled(id, 'ACTIVE');
      expect((await cloud.ok('compute', 'GET', path)).interfaceAttachments).toHaveLength(1);
      await cloud.send('compute', 'DELETE', `/servers/${id}`);
      await expectNothing(cloud);
    } finally {
      await beside.stop();
    }
  },
);

/** NICs that are attached to a server and detached, over HTTP. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import { keyPaths } from '#test/worlds/replay.ts';

const inVersion = { 'openstack-api-version': 'compute 2.70' };

async function attach(cloud: Cloud, server: string, requested: object) {
  const body = { interfaceAttachment: requested };
  return cloud.send('compute', 'POST', `/servers/${server}/os-interface`, {
    body,
    headers: inVersion,
  });
}

/** Detaches, and waits until the server no longer has the port. */
async function detach(cloud: Cloud, server: string, port: string): Promise<void> {
  const path = `/servers/${server}/os-interface/${port}`;
  expect(await cloud.send('compute', 'DELETE', path)).toMatchObject({ status: 202 });
  await cloud.until(async () => {
    const { nics } = await cloud.ok('operator', 'GET', `/servers/${server}/explain`);
    const isThere = nics.some((nic: { port_id: string }) => nic.port_id === port);
    return { done: !isThere, value: nics };
  });
}

async function domainXml(cloud: Cloud, server: string): Promise<string> {
  return (await cloud.ok('operator', 'GET', `/servers/${server}/explain`)).domain_xml;
}

/** An ACTIVE server without NICs. */
async function bare(cloud: Cloud): Promise<string> {
  const id = await cloud.boot([]);
  await cloud.settled(id, 'ACTIVE');
  return id;
}

scenario('a direct port is attached to a running server, and detached again', async (cloud) => {
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'direct');
  const before = await cloud.freeVfs('physnet1');
  const id = await bare(cloud);
  const reply = await attach(cloud, id, { port_id: port });
  expect([reply.status, keyPaths(reply.body)]).toEqual([200, recordedKeys()]);
  expect(reply.body.interfaceAttachment).toMatchObject({ port_id: port, port_state: 'ACTIVE' });
  const bound = await cloud.showPort(port);
  const host = bound['binding:host_id'];
  expect(bound).toMatchObject({ device_id: id, 'binding:vif_type': 'hw_veb' });
  expect(await cloud.freeVfs('physnet1')).toEqual({ ...before, [host]: before[host]! - 1 });
  expect(await domainXml(cloud, id)).toContain(bound.mac_address);

  await detach(cloud, id, port);
  expect(await cloud.freeVfs('physnet1')).toEqual(before);
  expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:profile': {} });
  expect(await domainXml(cloud, id)).not.toContain(bound.mac_address);
});

/** The answer to the stock client's recorded attach. */
function recordedKeys(): string[] {
  const file = new URL('../fixtures/recorded/compute-calls.json', import.meta.url);
  const calls: { method: string; path: string; response: unknown }[] = JSON.parse(
    readFileSync(file, 'utf8'),
  );
  const attached = calls.find(
    ({ method, path }) => method === 'POST' && path.endsWith('/os-interface'),
  );
  return keyPaths(attached?.response);
}

scenario(
  'an attach that finds no VF is refused with the reason and leaves nothing',
  async (cloud) => {
    const red = await cloud.network('red');
    const ports = await Promise.all(Array.from({ length: 9 }, () => cloud.port(red, 'direct')));
    const last = ports.pop()!;
    const ids = await Promise.all(ports.map((port) => cloud.boot([{ port }])));
    for (const id of ids) await cloud.settled(id, 'ACTIVE');
    const { status, body } = await attach(cloud, ids[0]!, { port_id: last });
    expect([status, body.badRequest.message]).toEqual([
      400,
      expect.stringMatching(/^Failed to claim PCI devices .* physnet1: 0 of 1 VF free$/),
    ]);
    expect(await cloud.showPort(last)).toMatchObject({ device_id: '', 'binding:profile': {} });
    const { nics, pci_requests: requests } = await cloud.ok(
      'operator',
      'GET',
      `/servers/${ids[0]}/explain`,
    );
    expect([nics.length, requests.length]).toEqual([1, 1]);
  },
);

scenario(
  'a NIC attached by network gets a port of its own, which is deleted with it',
  async (cloud) => {
    const red = await cloud.network('red');
    const id = await bare(cloud);
    const { body } = await attach(cloud, id, { net_id: red });
    const port: string = body.interfaceAttachment.port_id;
    expect(await cloud.showPort(port)).toMatchObject({ device_id: id });
    await detach(cloud, id, port);
    expect((await cloud.send('network', 'GET', `/ports/${port}`)).status).toBe(404);
  },
);

scenario('an invalid attach is refused with the reason and changes nothing', async (cloud) => {
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'direct');
  const [first, second] = [await bare(cloud), await bare(cloud)];
  await attach(cloud, first, { port_id: port });
  const before = await cloud.freeVfs('physnet1');
  expect((await attach(cloud, second, { port_id: port })).status).toBe(409);
  expect((await attach(cloud, second, { port_id: port, net_id: red })).status).toBe(400);
  const { status } = await cloud.send(
    'compute',
    'DELETE',
    `/servers/${second}/os-interface/${port}`,
  );
  expect(status).toBe(404);
  expect(await cloud.freeVfs('physnet1')).toEqual(before);
});

scenario(
  'one port attached to many servers concurrently is attached to one of them',
  async (cloud) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    const before = await cloud.freeVfs('physnet1');
    const ids = [await bare(cloud), await bare(cloud), await bare(cloud)];
    const replies = await Promise.all(ids.map((id) => attach(cloud, id, { port_id: port })));
    expect(replies.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    const { device_id: owner } = await cloud.showPort(port);
    expect(replies[ids.indexOf(owner)]?.status).toBe(200);
    const sum = (free: Record<string, number>) =>
      Object.values(free).reduce((total, count) => total + count, 0);
    expect(sum(await cloud.freeVfs('physnet1'))).toBe(sum(before) - 1);
  },
);

scenario('a server that is deleted with an attached port releases everything', async (cloud) => {
  const red = await cloud.network('red');
  const port = await cloud.port(red, 'macvtap');
  const before = await cloud.freeVfs('physnet1');
  const id = await bare(cloud);
  await attach(cloud, id, { port_id: port });
  await cloud.send('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  expect(await cloud.freeVfs('physnet1')).toEqual(before);
  expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:host_id': '' });
});

scenario(
  'NICs are attached and detached one after the other without the client waiting',
  async (cloud) => {
    const id = await cloud.boot([]);
    await cloud.settled(id, 'ACTIVE');
    const red = await cloud.network('red');
    const ports: string[] = [];
    for (let at = 0; at < 3; at++) ports.push(await cloud.port(red, 'normal'));
    const path = `/servers/${id}/os-interface`;
    const attach = (port_id: string) =>
      cloud.send('compute', 'POST', path, { body: { interfaceAttachment: { port_id } } });
    const attached = await Promise.all(ports.map(attach));
    expect(attached.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const port of ports) {
      expect((await cloud.send('compute', 'DELETE', `${path}/${port}`)).status).toBe(202);
    }
    await cloud.until(async () => {
      const { interfaceAttachments: left } = await cloud.ok('compute', 'GET', path);
      return { done: left.length === 0, value: left };
    });
  },
);

scenario(
  'a request for a server whose host is silent is refused at once',
  async (cloud, { hosts }) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    const id = await cloud.boot([]);
    const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
    await hosts.stop(host);
    const headers = { 'openstack-api-version': 'compute 2.53' };
    const { body } = await cloud.send('compute', 'GET', `/os-services?host=${host}`, { headers });
    const service = `/os-services/${body.services[0].id}`;
    await cloud.send('compute', 'PUT', service, { body: { forced_down: true }, headers });
    const refused = [
      await cloud.send('compute', 'POST', `/servers/${id}/os-interface`, {
        body: { interfaceAttachment: { port_id: port } },
      }),
      await cloud.send('compute', 'POST', `/servers/${id}/action`, {
        body: { reboot: { type: 'HARD' } },
      }),
      await cloud.send('compute', 'POST', `/servers/${id}/action`, {
        body: { 'os-getConsoleOutput': {} },
      }),
    ];
    for (const reply of refused) {
      expect(reply.status).toBe(409);
      expect(reply.body.conflictingRequest.message).toContain('its host is not reachable');
    }
    expect(await cloud.showPort(port)).toMatchObject({ device_id: '' });
  },
);

scenario(
  'an attach that names what does not exist, or no address, is refused with the field',
  async (cloud) => {
    const id = await cloud.boot([]);
    await cloud.settled(id, 'ACTIVE');
    const unknownId = '11111111-2222-4333-8444-555555555555';
    const rows: [object, number, RegExp][] = [
      [{ port_id: unknownId }, 404, /interfaceAttachment\.port_id: Port id 1111/],
      [{ net_id: unknownId }, 404, /interfaceAttachment\.net_id: Network 1111/],
      [{ net_id: unknownId, fixed_ips: [{ ip_address: 'x' }] }, 400, /fixed_ips/],
    ];
    for (const [requested, status, expected] of rows) {
      const reply = await cloud.send('compute', 'POST', `/servers/${id}/os-interface`, {
        body: { interfaceAttachment: requested },
      });
      expect(reply.status).toBe(status);
      expect(JSON.stringify(reply.body)).toMatch(expected);
    }
  },
);

scenario(
  "the image's properties reach the NICs: at boot, after a hard reboot, and when one is added",
  async (cloud) => {
    const created = await cloud.send('image', 'POST', '/v2/images', {
      body: {
        name: 'e1000',
        disk_format: 'raw',
        container_format: 'bare',
        hw_vif_model: 'e1000',
      },
    });
    const imageRef = created.body.id;
    await cloud.send('image', 'PUT', `/v2/images/${imageRef}/file`, {
      text: 'disk',
      headers: { 'content-type': 'application/octet-stream' },
    });
    const red = await cloud.network('red');
    const id = await cloud.boot([{ uuid: red }], { imageRef });
    await cloud.settled(id, 'ACTIVE');
    const models = async () => {
      const { domain_xml: xml } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
      const nics: string = xml.match(/<interface[^]*<\/interface>/)[0];
      return [...nics.matchAll(/<model type=["'](\w+)["']/g)].map((match) => match[1]);
    };
    expect(await models()).toEqual(['e1000']);
    await cloud.send('compute', 'POST', `/servers/${id}/os-interface`, {
      body: { interfaceAttachment: { net_id: red } },
    });
    await cloud.send('compute', 'POST', `/servers/${id}/action`, {
      body: { reboot: { type: 'HARD' } },
    });
    await cloud.settled(id, 'ACTIVE');
    expect(await models()).toEqual(['e1000', 'e1000']);
  },
);

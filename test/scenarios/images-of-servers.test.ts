/** Snapshots and backups: an image is made from a server's disk, and other servers boot from it. */
import { expect } from 'vitest';
import { killableBesideFaulty } from '#test/worlds/beside-faulty.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import type { Fault, Mischief } from '#test/worlds/faulty-proxy.ts';

const act = (cloud: Cloud, id: string, body: object) =>
  cloud.send('compute', 'POST', `/servers/${id}/action`, {
    body,
    headers: { 'openstack-api-version': 'compute 2.45' },
  });

const showImage = (cloud: Cloud, id: string) => cloud.ok('image', 'GET', `/v2/images/${id}`);

scenario(
  'a snapshot of a running server with a VF is an image that another boots from',
  async (cloud) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    const id = await cloud.boot([{ port }]);
    await cloud.settled(id, 'ACTIVE');
    const reply = await act(cloud, id, {
      createImage: { name: 'golden', metadata: { role: 'web' } },
    });
    expect(reply.status).toBe(202);
    await cloud.settled(id, 'ACTIVE');
    const image = await showImage(cloud, reply.body.image_id);
    expect(image).toMatchObject({
      name: 'golden',
      status: 'active',
      disk_format: 'qcow2',
      visibility: 'private',
      image_type: 'snapshot',
      instance_uuid: id,
      role: 'web',
    });
    expect(image.size).toBeGreaterThan(0);
    const other = await cloud.boot([], { imageRef: image.id });
    await cloud.settled(other, 'ACTIVE');
  },
);

scenario(
  'backups rotate, and an image that cannot be copied is removed',
  async (cloud, running) => {
    const id = await cloud.boot([]);
    await cloud.settled(id, 'ACTIVE');
    const backup = async (name: string) => {
      const body = { createBackup: { name, backup_type: 'daily', rotation: 2 } };
      const reply = await act(cloud, id, body);
      expect(reply.status).toBe(202);
      await cloud.settled(id, 'ACTIVE');
      return reply.body.image_id;
    };
    const ids = [await backup('b1'), await backup('b2'), await backup('b3')];
    const { images } = await cloud.ok('image', 'GET', '/v2/images');
    const left = images.map((image: { id: string }) => image.id);
    expect(left).not.toContain(ids[0]);
    expect(left).toEqual(expect.arrayContaining(ids.slice(1)));
    for (const host of ['host-1', 'host-2']) running.hosts.setFault(host, 'disk-full', true);
    const failed = await act(cloud, id, { createImage: { name: 'no-room' } });
    expect(failed.status).toBe(202);
    const { fault } = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect(fault).toBeUndefined();
    const gone = await cloud.send('image', 'GET', `/v2/images/${failed.body.image_id}`);
    expect(gone.status).toBe(404);
    const list = await cloud.ok('compute', 'GET', `/servers/${id}/os-instance-actions`);
    expect(list.instanceActions[0]).toMatchObject({
      action: 'createImage',
      message: expect.stringMatching(/No space left/) as string,
    });
  },
);

const copies = [
  { name: 'a snapshot', body: { createImage: { name: 'half' } } },
  { name: 'a backup', body: { createBackup: { name: 'half', backup_type: 'daily', rotation: 1 } } },
  { name: 'a shelve', body: { shelve: null } },
];

for (const { name, body } of copies) {
  scenario(
    `a deletion interrupts ${name} on a host that died: its image is deleted too`,
    async (cloud, { hosts }) => {
      const id = await cloud.boot([]);
      const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
      hosts.watchCalls(host, ({ act: call }, when) => {
        if (call === 'copyDisk' && when === 'before') hosts.kill(host);
      });
      expect((await act(cloud, id, body)).status).toBe(202);
      const queued = async () => {
        const { images } = await cloud.ok('image', 'GET', '/v2/images');
        return images.filter(({ status }: { status: string }) => status !== 'active').length;
      };
      expect(await queued()).toBe(1);
      await cloud.ok('compute', 'DELETE', `/servers/${id}`);
      await cloud.gone(id);
      await cloud.until(async () => {
        const value = await queued();
        return { done: value === 0, value };
      });
    },
    (config) => ({ ...config, hostDownMs: 1_000 }),
    60_000,
  );
}

scenario('old clients list, describe and delete images through the compute API', async (cloud) => {
  const id = await cloud.boot([]);
  await cloud.settled(id, 'ACTIVE');
  const { image_id: image } = (await act(cloud, id, { createImage: { name: 'old' } })).body;
  await cloud.settled(id, 'ACTIVE');
  const compute = (method: string, path: string, body?: object) =>
    cloud.send('compute', method, path, {
      headers: { 'openstack-api-version': 'compute 2.35' },
      ...(body !== undefined && { body }),
    });
  const list = await compute('GET', `/images/detail?server=${id}&status=ACTIVE`);
  const shown = await showImage(cloud, image);
  expect(list.body.images).toMatchObject([
    {
      id: image,
      name: 'old',
      status: 'ACTIVE',
      progress: 100,
      created: shown.created_at,
      updated: shown.updated_at,
      'OS-EXT-IMG-SIZE:size': shown.size,
      metadata: { image_type: 'snapshot' },
      server: { id },
    },
  ]);
  const alternate = list.body.images[0].links.at(-1).href;
  expect(alternate).toBe(`${cloud.session.endpoints.image}/images/${image}`);
  const described = await compute('POST', `/images/${image}/metadata`, { metadata: { os: 'x' } });
  expect(described.status).toBe(200);
  expect(await showImage(cloud, image)).toMatchObject({ os: 'x', image_type: 'snapshot' });
  expect((await compute('DELETE', `/images/${image}/metadata/os`)).status).toBe(204);
  expect(await showImage(cloud, image)).not.toHaveProperty('os');
  expect((await compute('DELETE', `/images/${image}`)).status).toBe(204);
  expect((await cloud.send('image', 'GET', `/v2/images/${image}`)).status).toBe(404);
});

/** The next creations of images meet these faults. */
function atImages(...faults: (Fault | undefined)[]): Mischief {
  return ({ method, path }) =>
    method === 'POST' && path.endsWith('/v2/images') ? faults.shift() : undefined;
}

scenario(
  'kill -9 while an image is made for a copy: the next start deletes it, and the server is as before',
  async (first, running) => {
    const beside = await killableBesideFaulty(running, atImages('withheld', 'withheld'));
    try {
      let cloud = await beside.cloud();
      const id = await cloud.boot([]);
      await cloud.settled(id, 'ACTIVE');
      const made = (count: number) =>
        first.until(async () => {
          const { images } = await first.ok('image', 'GET', '/v2/images');
          const left = images.filter(({ name }: { name: string }) => /snap|shelved/.test(name));
          return { done: left.length === count, value: images };
        });
      for (const [action, body] of [
        ['createImage', { createImage: { name: 'snap' } }],
        ['shelve', { shelve: null }],
      ] as const) {
        const ended = act(cloud, id, body).catch(() => 'cut off');
        await made(1);
        await beside.kill();
        expect(await ended).toBe('cut off');
        await beside.start();
        cloud = await beside.cloud();
        await made(0);
        await cloud.settled(id, 'ACTIVE');
        const path = `/servers/${id}/os-instance-actions`;
        const { instanceActions } = await cloud.ok('compute', 'GET', path);
        expect(instanceActions[0]).toMatchObject({
          action,
          message: 'the request ended before its image was made',
        });
      }
      expect((await act(cloud, id, { createImage: { name: 'snap' } })).status).toBe(202);
      await cloud.settled(id, 'ACTIVE');
      await made(1);
    } finally {
      await beside.stop();
    }
  },
);

/**
 * Images of a real Glance: their bytes on a host, their requirements on a guest, and those that no
 * server may start from.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cloud } from '#test/worlds/cloud.ts';
import { faultyProxy, type Mischief } from '#test/worlds/faulty-proxy.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { ImageCache } from '#integrations/guest-files/image-cache.ts';
import { httpImageSource } from '#integrations/image-source/over-http.ts';
import { byToken } from '#test/worlds/host-links.ts';
import { type Beside, besideOpenStack, cloudOf, sharedNetwork, uploadedImage } from './beside.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';

let openstack: OpenStack;
let beside: Beside;
let admin: Cloud;
let alice: Cloud;
let network: string;
const files = temporaryDirectory();

beforeAll(async () => {
  openstack = await startOpenStack();
  network = await sharedNetwork(await cloudOf(openstack, 'admin'), 302);
  beside = await besideOpenStack(openstack);
  [admin, alice] = [await beside.as('admin'), await beside.as('alice')];
});

afterAll(async () => {
  await beside?.stop();
  await openstack?.stop();
  files.remove();
});

/** An image that alice makes with the stock client; its id. */
async function made(bytes: Buffer, ...options: string[]): Promise<string> {
  writeFileSync(join(openstack.folder, 'image.raw'), bytes);
  const form = ['--disk-format', 'raw', '--container-format', 'bare', '--file', 'image.raw'];
  return (await openstack.json('alice', 'image', 'create', ...form, ...options, 'made')).id;
}

const flavors = { one: '2', two: '3' };

async function boot(user: Cloud, imageRef: string, more: object = {}): Promise<string> {
  const port = await user.port(network, 'direct');
  const server = { name: 's', flavorRef: flavors.one, imageRef, networks: [{ port }], ...more };
  return (await user.ok('compute', 'POST', '/servers', { server })).server.id;
}

async function remove(user: Cloud, id: string): Promise<void> {
  await user.ok('compute', 'DELETE', `/servers/${id}`);
  await user.gone(id);
}

/**
 * Acts with the cache of the host on another machine, which has nothing but the controller and its
 * own token.
 */
async function withCache(
  on: Beside,
  act: (cache: ImageCache, folder: string) => Promise<void>,
): Promise<void> {
  const { token, back } = await on.lend('hv1');
  const folder = join(files.path, `cache-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder);
  const source = httpImageSource({
    connection: byToken(new URL(on.computeUrl).origin, () => token),
    timeoutMs: 0,
  });
  const cache = new ImageCache({
    folder,
    source,
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
    listUsed: async () => new Set(),
    now: Date.now,
  });
  try {
    await act(cache, folder);
  } finally {
    await back();
  }
}

const download = (cache: ImageCache, id: string): Promise<Buffer> =>
  cache.use(
    id,
    () => undefined,
    async ({ path }) => readFileSync(path),
  );

test('a host gets the bytes of a private image through the controller, complete and checked', async () => {
  const bytes = randomBytes(3_000_000);
  const image = await made(bytes, '--private');
  const id = await boot(alice, image);
  await alice.settled(id, 'ACTIVE');
  await withCache(beside, async (cache, folder) => {
    expect((await download(cache, image)).equals(bytes)).toBe(true);
    expect(readdirSync(folder)).toEqual([`${image}.raw`]);
  });
  await remove(alice, id);
  await withCache(beside, async (cache) => {
    await expect(download(cache, image)).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining(`No server on host hv1 is made from image ${image}`),
    });
  });
});

/** Another controller whose calls to Glance go through a proxy. */
async function behind(mischief: Mischief, notify: (on: Beside) => Promise<void>): Promise<void> {
  const proxy = await faultyProxy(openstack.urls.glance, mischief);
  const on = await besideOpenStack(openstack, { image_url: proxy.url });
  try {
    await notify(on);
  } finally {
    await on.stop();
    await proxy.stop();
  }
}

test('bytes that change in transit are refused, and leave nothing on the host', async () => {
  const image = await uploadedImage(alice, { bytes: randomBytes(200_000) });
  const isFile: Mischief = ({ path }) => (path.endsWith('/file') ? 'corrupt' : undefined);
  await behind(isFile, async (on) => {
    const user = await on.as('alice');
    const id = await boot(user, image);
    await user.settled(id, 'ACTIVE');
    await withCache(on, async (cache, folder) => {
      await expect(download(cache, image)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('the downloaded data does not match the image service'),
      });
      expect(readdirSync(folder)).toEqual([]);
    });
    await remove(user, id);
  });
});

/** The operator's view of a server. */
// oxlint-disable-next-line typescript/no-explicit-any -- bodies are asserted, not typed
const explained = (id: string): Promise<any> =>
  admin.ok('operator', 'GET', `/servers/${id}/explain`);

test.each([
  {
    what: 'an old guest',
    properties: { hw_vif_model: 'e1000', hw_machine_type: 'pc-q35-9.2', hw_disk_bus: 'sata' },
    xml: ["<model type='e1000'/>", "machine='pc-q35-9.2'", "<target dev='sda' bus='sata'/>"],
  },
  {
    what: 'a fast guest',
    properties: { hw_vif_multiqueue_enabled: 'true', hw_disk_bus: 'scsi' },
    xml: ["queues='2'", "model='virtio-scsi'", "<target dev='sda' bus='scsi'/>"],
  },
])('the properties of $what reach its XML', async ({ properties, xml }) => {
  const given = Object.entries(properties).flatMap(([key, value]) => [
    '--property',
    `${key}=${value}`,
  ]);
  const image = await made(Buffer.alloc(4_096), ...given);
  const port = await alice.port(network, 'normal');
  const id = await boot(alice, image, { flavorRef: flavors.two, networks: [{ port }] });
  await alice.settled(id, 'ACTIVE');
  const { domain_xml: domainXml } = await explained(id);
  for (const part of xml) expect(domainXml).toContain(part);
  await remove(alice, id);
});

test('the NUMA policy of an image applies to the devices of its server', async () => {
  const properties = ['hw_pci_numa_affinity_policy=preferred', 'hw_numa_nodes=1'];
  const given = properties.flatMap((property) => ['--property', property]);
  const image = await made(Buffer.alloc(4_096), ...given);
  const id = await boot(alice, image);
  await alice.settled(id, 'ACTIVE');
  const { pci_requests: requests } = await explained(id);
  expect(requests).toMatchObject([{ numa_policy: 'preferred' }]);
  await remove(alice, id);
});

test.each([
  { property: { hw_machine_type: 'pc' }, message: 'hw_machine_type "pc": must be q35' },
  { property: { hw_disk_bus: 'ide' }, message: 'hw_disk_bus "ide": must be one of' },
  {
    property: { hw_pci_numa_affinity_policy: 'sometimes' },
    message: 'hw:pci_numa_affinity_policy "sometimes": must be one of',
  },
])(
  'an image that requires what is not available is refused: $message',
  async ({ property, message }) => {
    await refused(await uploadedImage(alice, property), message);
  },
);

async function refused(imageRef: string, message: string): Promise<void> {
  const networks = [{ port: await alice.port(network, 'direct') }];
  const server = { name: 's', flavorRef: flavors.one, imageRef, networks };
  const reply = await alice.send('compute', 'POST', '/servers', { body: { server } });
  expect([reply.status, reply.body.badRequest?.message]).toEqual([
    400,
    expect.stringContaining(message),
  ]);
}

test('the private image of another project is refused like one that does not exist', async () => {
  const bob = await beside.as('bob');
  const image = await uploadedImage(bob, { visibility: 'private' });
  await refused(image, `Image ${image} could not be found`);
});

test('an image without bytes, and a deactivated one, are refused', async () => {
  const described = { name: 'later', disk_format: 'raw', container_format: 'bare' };
  const { id: queued } = await alice.ok('image', 'POST', '/v2/images', described);
  await refused(queued, `Image ${queued} is not active: queued`);
  const image = await uploadedImage(alice);
  await openstack.command('admin', 'image', 'set', '--deactivate', image);
  await refused(image, `Image ${image} is not active: deactivated`);
});

test.each([
  {
    what: 'is deleted',
    act: (image: string) => admin.ok('image', 'DELETE', `/v2/images/${image}`),
    message: (image: string) => `image ${image} no longer exists`,
  },
  {
    what: 'is deactivated',
    act: (image: string) => admin.ok('image', 'POST', `/v2/images/${image}/actions/deactivate`),
    message: (image: string) => `Image ${image} cannot be downloaded: it is deactivated`,
  },
])(
  'a server whose image $what while it waits fails with a message, and holds nothing',
  async (row) => {
    const image = await uploadedImage(alice);
    let reads = 0;
    const atSecondRequest: Mischief = async ({ path }) => {
      // The first is the API's; then the host requests the bytes.
      if (path.endsWith(image) && ++reads === 2) await row.act(image);
      return undefined;
    };
    await behind(atSecondRequest, async (on) => {
      const user = await on.as('alice');
      const port = await user.port(network, 'direct');
      const free = await (await on.as('admin')).freeVfs('physnet1');
      const id = await boot(user, image, { networks: [{ port }] });
      await user.settled(id, 'ERROR');
      const operator = await on.as('admin');
      const { server } = await operator.ok('compute', 'GET', `/servers/${id}`);
      expect(server.fault.message).toContain(row.message(image));
      expect(await operator.showPort(port)).toMatchObject({
        device_id: '',
        'binding:vif_type': 'unbound',
      });
      expect(await operator.freeVfs('physnet1')).toEqual(free);
      await remove(user, id);
    });
  },
);

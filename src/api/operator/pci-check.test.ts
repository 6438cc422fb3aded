/** The dry run of a device list over the API: on what the controller knows of a host. */
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { parseAliases } from '#core/pci/requests/alias.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';
import { aHost, aVf } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
  const { id } = await world.server({ name: 'web' });
  await aHost(world.store, [
    aVf('0000:81:10.0'),
    aVf('0000:81:10.2', { status: 'allocated', serverId: id, requestId: 'r1' }),
  ]);
});
afterEach(() => {
  vi.restoreAllMocks();
  return world.stop();
});

const check = (body: unknown, as = 'admin') =>
  world.ask('POST /novella/v1/pci/check', { body, version: '', as });

test('a list that still offers the held devices is safe; the PF is known by its VFs', async () => {
  const { status, body } = await check({
    host: 'host-1',
    device_spec: ['{"devname": "ens1f0", "physical_network": "physnet1"}'],
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    result: 'fine',
    functions_from: { complete: false },
    entries: [{ entry: 0, source: 'device_spec[0]', matches: 2, takes: 2, findings: [] }],
    functions: [{ address: '0000:81:10.0', entry: 0, pool: 0 }, { address: '0000:81:10.2' }],
    pools: [{ vendor_id: '8086', product_id: '10ca', count: 2 }],
    stats: ['physnet1, 10ca, 8086 : 2'],
    change: { host: 'host-1', appearing: [], lost: [], retagged: [], kept: 2, safe: true },
  });
});

test('PFs and VFs that the list in force leaves out are known, as the agent has reported them', async () => {
  const host = await world.store.hosts.named('host-1');
  const tags = { physical_network: 'physnet1' };
  const device_spec = [{ devname: 'ens1f1' }, { address: '0000:81:10.*', ...tags }];
  const body = { host: 'host-1', device_spec };
  const before = await check(body);
  expect(before.body.functions_from.note).toContain('has not reported');
  expect(before.body.entries[0]).toMatchObject({ matches: 0 });
  const leftOut = (address: string, more: object) => ({
    address: parsePciAddress(address),
    vendorId: '8086',
    productId: '10ca',
    deviceType: 'type-VF' as const,
    parentAddress: parsePciAddress('0000:81:00.1'),
    numaNode: 0,
    ifname: null,
    vfNum: 0,
    nearest: null,
    ...more,
  });
  const pf = { deviceType: 'type-PF' as const, parentAddress: null, ifname: 'ens1f1', vfNum: null };
  world.context.links.noteOffer(host!.id, {
    entries: [],
    leftOut: [leftOut('0000:81:00.1', pf), leftOut('0000:81:11.0', {})],
  });
  const after = await check(body);
  expect(after.body).toMatchObject({
    result: 'fine',
    functions_from: { complete: false, note: expect.stringContaining('the PFs and VFs of host-1') },
    entries: [
      { matches: 2, takes: 2 },
      { matches: 2, takes: 2 },
    ],
    change: { appearing: ['0000:81:00.1', '0000:81:11.0'], lost: [], kept: 2 },
  });
});

test('a list that would remove a held device is not safe, and an entry without devices may have some', async () => {
  const { body } = await check({
    host: 'host-1',
    device_spec: [{ address: '0000:81:10.0' }, { vendor_id: '15b3' }],
  });
  expect(body).toMatchObject({
    result: 'unsafe',
    change: {
      safe: false,
      lost: [{ address: '0000:81:10.2', status: 'allocated' }],
      retagged: [{ tags: { physical_network: { from: 'physnet1', to: null } } }],
    },
  });
  expect(body.entries[1].findings).toMatchObject([{ level: 'warning', code: 'not-known' }]);
});

test('without a host every host is checked, by name and in pages; the worst result is that of all', async () => {
  const device_spec = [{ address: '0000:81:10.0', physical_network: 'physnet1' }];
  for (let at = 0; at < 20; at += 1) {
    await aHost(world.store, [aVf('0000:81:10.0')], `host-x${at}`);
  }
  const { status, body } = await check({ device_spec });
  expect(status).toBe(200);
  expect(body.hosts).toHaveLength(20);
  expect(body).toMatchObject({
    result: 'unsafe',
    hosts: [
      {
        result: 'unsafe',
        change: { host: 'host-1', lost: [{ instance_uuid: expect.any(String) }] },
      },
      { result: 'fine', change: { host: 'host-x0', lost: [], kept: 1 } },
      ...Array.from({ length: 18 }, () => ({ result: 'fine' })),
    ],
  });
  const [{ href }] = body.hosts_links;
  const url = new URL(href);
  const ask = (path: string) => world.ask(`POST ${path}`, { body: { device_spec }, version: '' });
  const rest = await ask(`${url.pathname}${url.search}`);
  expect(rest.body).toMatchObject({ result: 'fine', hosts: [{ change: { host: 'host-x9' } }] });
  expect(rest.body.hosts_links).toBeUndefined();
  expect((await ask('/novella/v1/pci/check?limit=2')).body.hosts).toHaveLength(2);
  expect((await ask('/novella/v1/pci/check?marker=nowhere')).status).toBe(400);
  expect((await ask('/novella/v1/pci/check?hosts=all')).status).toBe(400);
});

test('wrong entries are reported in the answer', async () => {
  const { body } = await check({ host: 'host-1', device_spec: [{ vendor_id: 'x' }, 'y'] });
  expect(body.refused).toEqual([
    'device_spec[0]: vendor_id "x": must be hexadecimal or "*"',
    expect.stringContaining('device_spec[1]: y: must be JSON'),
  ]);
});

test.each([
  { given: { host: 'h', device_spec: [] }, as: 'admin', status: 404 },
  { given: { host: 'host-1' }, as: 'admin', status: 400 },
  { given: { host: 'host-1', device_spec: [1] }, as: 'admin', status: 400 },
  { given: { host: 'host-1', device_spec: [] }, as: 'member', status: 403 },
])('$given by $as is answered with $status', async ({ given, as, status }) => {
  expect((await check(given, as)).status).toBe(status);
});

test('each alias of the list, or of the controller, is listed with the functions that match it', async () => {
  const device_spec = [{ product_id: '10ca', physical_network: 'physnet1' }];
  const vf = { name: 'vf', vendor_id: '8086', product_id: '10ca', device_type: 'type-VF' };
  const plain = JSON.stringify({ ...vf, name: 'plain', device_type: 'type-PCI' });
  const { body } = await check({ host: 'host-1', device_spec, alias: [vf, plain] });
  expect(body).toMatchObject({
    result: 'fine',
    aliases: [
      { name: 'vf', takes: 2, dev_types: ['type-VF'], findings: [] },
      { name: 'plain', takes: 0, findings: [{ level: 'warning', code: 'alias-wrong-type' }] },
    ],
  });
  const wrong = await check({ host: 'host-1', device_spec, alias: [vf, { name: 'x' }] });
  expect(wrong.body).toMatchObject({ result: 'problems', aliases: [] });
  expect(wrong.body.refused).toEqual([expect.stringMatching(/^alias\[1\]: alias "x": must have/)]);
  world.context.settings.aliases = parseAliases([{ text: plain, source: 'test' }]);
  const own = await check({ host: 'host-1', device_spec });
  expect(own.body.aliases).toMatchObject([{ name: 'plain', takes: 0 }]);
});

const many = (number: number, one: object) => Array.from({ length: number }, () => one);

test.each([
  { what: '501 entries', body: { device_spec: many(501, {}) }, expected: 'device_spec' },
  {
    what: '501 entries in lists of texts',
    body: { device_spec: [JSON.stringify(many(500, {})), '{}'] },
    expected: 'device_spec: 501 entries: must be at most 500',
  },
  {
    what: 'an entry of 3,000 characters in a list',
    body: { device_spec: ['{}', JSON.stringify([{ tag: 'x'.repeat(2_990) }])] },
    expected: /^device_spec\[1\]: 3000 characters: an entry must have at most 2048/,
  },
  {
    what: '101 aliases',
    body: { device_spec: [], alias: many(101, { name: 'x' }) },
    expected: 'alias',
  },
  {
    what: 'a long text that is not JSON',
    body: { device_spec: [], alias: ['x'.repeat(2_049)] },
    expected: 'alias[0]: 2049 characters',
  },
])('$what are refused', async ({ body, expected }) => {
  const answer = await check({ host: 'host-1', ...body });
  expect(answer.status).toBe(400);
  expect(faultOf(answer).message).toEqual(
    typeof expected === 'string'
      ? expect.stringContaining(expected)
      : expect.stringMatching(expected),
  );
});

test('other work runs after each entry, each function and each alias', async () => {
  let now = 0;
  // A slow machine: every step takes longer than a turn.
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
  const turnsOf = async (body: object) => {
    let turns = 0;
    let next = setImmediate(function count() {
      turns += 1;
      next = setImmediate(count);
    });
    const { status } = await check({ host: 'host-1', ...body });
    clearImmediate(next);
    expect(status).toBe(200);
    return turns;
  };
  const alias = { vendor_id: '8086', product_id: '10ca', device_type: 'type-VF' };
  const aliases = Array.from({ length: 50 }, (_, at) => ({ name: `a${at}`, ...alias }));
  const none = await turnsOf({ device_spec: [], alias: [] });
  const entries = await turnsOf({ device_spec: many(50, { vendor_id: '15b3' }), alias: [] });
  expect(entries - none).toBeGreaterThanOrEqual(100);
  expect((await turnsOf({ device_spec: [], alias: aliases })) - none).toBeGreaterThanOrEqual(50);
  const vfs = Array.from({ length: 50 }, (_, at) => aVf(`0000:${(16 + at).toString(16)}:10.0`));
  await aHost(world.store, vfs, 'host-2');
  const functions = await turnsOf({ host: 'host-2', device_spec: [], alias: [] });
  expect(functions - none).toBeGreaterThanOrEqual(90);
});

/** Servers as the API shows them, by microversion and by caller. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, flavorId } from '#test/worlds/compute-world.ts';
import { splitNames } from '../../requests/split-names.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const from21 = splitNames(`
  id name status tenant_id user_id metadata hostId image flavor created updated addresses
  accessIPv4 accessIPv6 links progress OS-DCF:diskConfig OS-EXT-AZ:availability_zone
  config_drive key_name OS-SRV-USG:launched_at OS-SRV-USG:terminated_at OS-EXT-STS:task_state
  OS-EXT-STS:vm_state OS-EXT-STS:power_state os-extended-volumes:volumes_attached
  security_groups
`);
const attributes = (names: string) => splitNames(names).map((name) => `OS-EXT-SRV-ATTR:${name}`);
const ofAdmins21 = attributes('host instance_name hypervisor_hostname');
const ofAdmins23 = attributes(
  'hostname reservation_id launch_index kernel_id ramdisk_id root_device_name user_data',
);

/** What each version adds to the view of one server. */
const additions: { version: string; keys: string[]; forAdminsOnly?: true }[] = [
  { version: '2.3', keys: ofAdmins23, forAdminsOnly: true },
  { version: '2.9', keys: ['locked'] },
  { version: '2.16', keys: ['host_status'], forAdminsOnly: true },
  { version: '2.19', keys: ['description'] },
  { version: '2.26', keys: ['tags'] },
  { version: '2.63', keys: ['trusted_image_certificates'] },
  { version: '2.71', keys: ['server_groups'] },
  { version: '2.73', keys: ['locked_reason'] },
  { version: '2.90', keys: attributes('hostname') },
  { version: '2.96', keys: ['pinned_availability_zone'] },
];

test.each(['admin', 'member'])(
  'a server has the fields of its microversion, for %s',
  async (as) => {
    const { id } = await world.activeServer();
    const expected = new Set([...from21, ...(as === 'admin' ? ofAdmins21 : [])]);
    const keysAt = async (version: string) => {
      const { body } = await world.ask(`GET /v2.1/servers/${id}`, { as, version });
      return new Set(Object.keys(body.server));
    };
    for (const { version, keys, forAdminsOnly } of additions) {
      const before = `2.${Number(version.slice(2)) - 1}`;
      expect({ in: before, keys: await keysAt(before) }).toEqual({ in: before, keys: expected });
      if (forAdminsOnly === undefined || as === 'admin') for (const key of keys) expected.add(key);
      expect({ in: version, keys: await keysAt(version) }).toEqual({ in: version, keys: expected });
    }
    expect(await keysAt('latest')).toEqual(expected);
  },
);

test('the flavor is a link before 2.47 and a copy from it on', async () => {
  const { id } = await world.activeServer();
  const flavorAt = async (version: string) =>
    (await world.ask(`GET /v2.1/servers/${id}`, { version })).body.server.flavor;
  expect(await flavorAt('2.46')).toEqual({
    id: flavorId,
    links: [{ rel: 'bookmark', href: `http://127.0.0.1:8774/flavors/${flavorId}` }],
  });
  expect(await flavorAt('2.47')).toEqual({
    original_name: 'm1.sriov',
    vcpus: 1,
    ram: 512,
    disk: 1,
    ephemeral: 0,
    swap: 0,
    extra_specs: {},
  });
});

test('an active server on a host is shown as Nova shows it', async () => {
  const { id } = await world.activeServer({ createdAt: world.time.now, updatedAt: world.time.now });
  const { body } = await world.ask(`GET /v2.1/servers/${id}`);
  expect(body.server).toMatchObject({
    status: 'ACTIVE',
    created: '2026-11-23T07:30:00Z',
    'OS-SRV-USG:launched_at': '2026-11-23T07:30:00.000000',
    'OS-EXT-SRV-ATTR:host': 'host-1',
    'OS-EXT-SRV-ATTR:instance_name': 'instance-00000001',
    'OS-EXT-AZ:availability_zone': 'nova',
    host_status: 'UP',
    config_drive: 'True',
    hostId: expect.stringMatching(/^[0-9a-f]{56}$/),
    addresses: {
      red: [
        {
          version: 4,
          addr: '10.20.0.5',
          'OS-EXT-IPS:type': 'fixed',
          'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01',
        },
      ],
    },
  });
});

const reasons = 'No valid host was found. host-1: resources: disk: 3 GiB of 80 GiB free';
const fault = {
  code: 500,
  message: reasons,
  details: 'h: full',
  created: 1_000,
};

test.each([
  { as: 'admin', code: 500, details: true },
  { as: 'member', code: 500, details: false },
  { as: 'member', code: 400, details: true },
])('details of a fault $code are shown to $as: $details', async ({ as, code, details }) => {
  const { id } = await world.server({
    vmState: 'error',
    taskState: null,
    fault: { ...fault, code },
  });
  const { body } = await world.ask(`GET /v2.1/servers/${id}`, { as });
  expect(body.server.status).toBe('ERROR');
  expect(body.server.fault).toEqual({
    code,
    message: details ? reasons : 'No valid host was found. There are not enough hosts available.',
    created: '1970-01-01T00:00:01Z',
    ...(details && { details: 'h: full' }),
  });
});

test('a server without an error shows no old fault', async () => {
  const { id } = await world.activeServer({ fault });
  const { body } = await world.ask(`GET /v2.1/servers/${id}`);
  expect(body.server).not.toHaveProperty('fault');
});

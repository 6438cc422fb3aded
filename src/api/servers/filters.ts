/** The filters of server lists, by query key. Source: Nova compute API reference, "List Servers". */
import { hasConfigDrive } from '#core/guests/config-drive.ts';
import type { Server } from '#core/servers/server.ts';
import { isSet } from '../fields.ts';
import { words } from '../words.ts';

interface FilterRule {
  /** Only administrators filter by it; for others it is as if it had not come. */
  admin?: true;
  /** First minor version that has it. */
  from?: number;
}

/** `pattern`: a regular expression found in one of the texts read. `value`: a test of the server with the value. */
export type ServerFilter = FilterRule &
  (
    | { match: 'pattern'; read: (server: Server) => string[] }
    | { match: 'value'; test: (server: Server, value: string) => boolean }
  );

const same = (
  read: (server: Server) => string | number | null,
  rule: FilterRule = {},
): ServerFilter => ({
  ...rule,
  match: 'value',
  test: (server, value) => String(read(server) ?? '') === value,
});

const pattern = (read: (server: Server) => string[]): ServerFilter => ({ match: 'pattern', read });

const tags = (test: (has: (tag: string) => boolean, asked: string[]) => boolean): ServerFilter => ({
  from: 26,
  match: 'value',
  test: (server, value) => test((tag) => server.tags.includes(tag), value.split(',')),
});

const fixedIps = (server: Server, isWanted: (ip: string) => boolean): string[] =>
  server.nics
    .flatMap(({ vif }) => vif?.fixedIps ?? [])
    .map(({ ipAddress }) => ipAddress)
    .filter(isWanted);

const admin = { admin: true } as const;

export const filters: Record<string, ServerFilter> = {
  name: pattern(({ name }) => [name]),
  uuid: same(({ id }) => id),
  image: same(({ imageId }) => imageId),
  flavor: same(({ flavor }) => flavor.id),
  ip: pattern((server) => fixedIps(server, (ip) => !ip.includes(':'))),
  ip6: pattern((server) => fixedIps(server, (ip) => ip.includes(':'))),
  key_name: same(({ keyName }) => keyName, admin),
  reservation_id: same(({ reservationId }) => reservationId),
  description: same(({ description }) => description, admin),
  hostname: same(({ hostname }) => hostname, admin),
  host: same(({ hostName }) => hostName, admin),
  node: same(({ hostName }) => hostName, admin),
  user_id: same(({ userId }) => userId, admin),
  availability_zone: same(({ availabilityZone }) => availabilityZone, admin),
  vm_state: same(({ vmState }) => vmState, admin),
  task_state: same(({ taskState }) => taskState, admin),
  power_state: same(({ powerState }) => powerState, admin),
  access_ip_v4: same(({ accessIpv4 }) => accessIpv4, admin),
  access_ip_v6: same(({ accessIpv6 }) => accessIpv6, admin),
  config_drive: {
    ...admin,
    match: 'value',
    test: (server, value) => hasConfigDrive(server) === isSet(value),
  },
  locked: { from: 73, match: 'value', test: (server, value) => server.locked === isSet(value) },
  tags: tags((has, asked) => asked.every(has)),
  'tags-any': tags((has, asked) => asked.some(has)),
  'not-tags': tags((has, asked) => !asked.every(has)),
  'not-tags-any': tags((has, asked) => !asked.some(has)),
};

/** Keys that may stand in the query; from 2.75 on any other is refused. Those without a filter here change nothing. */
export const serverQuery: readonly string[] = [
  ...Object.keys(filters),
  ...words(`
    status limit marker sort_key sort_dir all_tenants deleted project_id tenant_id
    changes-since changes-before auto_disk_config block_device_mapping cleaned
    created_at display_description display_name instance_type_id image_ref kernel_id
    launch_index launched_at locked_by metadata progress ramdisk_id root_device_name
    services soft_deleted system_metadata terminated_at security_groups hidden
  `),
];

/**
 * The filters of server lists, by query key. Source: Nova compute API reference, "List Servers";
 * its query schema and `instance_get_all_by_filters`.
 */
import type {
  ServerCondition,
  ServerField,
  ShownServer,
} from '#contracts/store/server-selection.ts';
import { ComputeError } from '#core/errors.ts';
import { kernelImages, rootDevice } from '#core/guests/description/guest-kernel.ts';
import { isFlag, isSet } from '../../requests/fields.ts';
import { textMatch } from '../../requests/text-match.ts';
import { splitNames } from '../../requests/split-names.ts';
import { metadataFilter } from './metadata-filter.ts';
import { timesOf } from './time-texts.ts';

/** `zone`: the availability zone that the server's view shows. */
export type ServerTest = (server: ShownServer, zone: string) => boolean;

/**
 * What a value requires: something that the database finds by a column, or a test of names or of
 * entire servers, from the cheapest to the costliest.
 */
export type RequestedFilter =
  | ServerCondition
  | { ofName: (name: string) => boolean }
  | { ofServer: ServerTest };

export interface ServerFilter {
  /**
   * First minor version in which members filter by it too; for them it is ignored before. Absent:
   * administrators only.
   */
  members?: number;
  /** First and last minor version that has it; default: all. */
  from?: number;
  to?: number;
  /** Throws `invalid`, naming key and value. */
  read: (value: string, key: string) => RequestedFilter;
}

type Rule = Omit<ServerFilter, 'read'>;
type Read<Value> = (server: ShownServer, zone: string) => Value;

const everybody = { members: 1 } as const;
/** Those that 2.83 and 2.90 opened to members. */
const since83 = { members: 83 } as const;
const since90 = { members: 90 } as const;

/** The value is the entire text. */
const same = (field: ServerField, rule: Rule = {}): ServerFilter => ({
  ...rule,
  read: (value) => ({ field, oneOf: value === '' ? ['', null] : [value] }),
});

/** The value is the number's usual digits. */
const sameNumber = (field: ServerField): ServerFilter => ({
  read: (value) => ({ field, oneOf: String(Number(value)) === value ? [Number(value)] : [] }),
});

/** The value is a regular expression that is found in one of the texts. */
const pattern = (read: Read<(string | null)[]>, rule: Rule = {}): ServerFilter => ({
  ...rule,
  read: (value, key) => {
    const matches = textMatch(key, value);
    return {
      ofServer: (server, zone) => read(server, zone).some((text) => text !== null && matches(text)),
    };
  },
});

const namePattern = (rule: Rule = {}): ServerFilter => ({
  ...rule,
  read: (value, key) => ({ ofName: textMatch(key, value) }),
});

const flag = (field: ServerField, rule: Rule = {}): ServerFilter => ({
  ...rule,
  read: (value, key) => {
    if (isFlag(value)) return { field, oneOf: [isSet(value)] };
    throw new ComputeError(
      'invalid',
      `Invalid input for query parameters ${key}. Value: ${value}. must be a boolean`,
    );
  },
});

const time = (read: (server: ShownServer) => number | null, rule: Rule = {}): ServerFilter =>
  pattern((server) => timesOf(read(server)), rule);

const tags = (
  test: (has: (tag: string) => boolean, requested: string[]) => boolean,
): ServerFilter => ({
  members: 26,
  from: 26,
  read: (value) => {
    const requested = value.split(',');
    return { ofServer: (server) => test((tag) => server.tags.includes(tag), requested) };
  },
});

const fixedIps = (server: ShownServer, isWanted: (ip: string) => boolean): string[] =>
  server.nics
    .flatMap(({ vif }) => vif?.fixedIps ?? [])
    .map(({ ipAddress }) => ipAddress)
    .filter(isWanted);

/**
 * Of a key that Nova drops before 2.75 and refuses from it on. Novella has the value, so it
 * filters.
 */
const early = { to: 74 } as const;

export const filters: Record<string, ServerFilter> = {
  name: namePattern(everybody),
  display_name: namePattern(),
  description: pattern(({ description }) => [description]),
  display_description: pattern(({ description }) => [description]),
  hostname: pattern(({ hostname }) => [hostname], since90),
  uuid: same('id'),
  user_id: same('userId', since83),
  project_id: same('projectId'),
  tenant_id: same('projectId'),
  image: same('imageId', everybody),
  image_ref: same('imageId'),
  flavor: same('flavorId', everybody),
  instance_type_id: same('flavorId'),
  kernel_id: pattern(({ imageProperties }) => [kernelImages(imageProperties).kernelId]),
  ramdisk_id: pattern(({ imageProperties }) => [kernelImages(imageProperties).ramdiskId]),
  root_device_name: pattern(({ launchedAt, imageProperties }) => [
    launchedAt === null ? null : rootDevice(imageProperties),
  ]),
  key_name: pattern(({ keyName }) => [keyName], since83),
  reservation_id: pattern(({ reservationId }) => [reservationId], everybody),
  launch_index: sameNumber('launchIndex'),
  ip: pattern((server) => fixedIps(server, (ip) => !ip.includes(':')), everybody),
  ip6: pattern((server) => fixedIps(server, (ip) => ip.includes(':')), { members: 5 }),
  access_ip_v4: pattern(({ accessIpv4 }) => [accessIpv4]),
  access_ip_v6: pattern(({ accessIpv6 }) => [accessIpv6]),
  host: same('hostName'),
  node: pattern(({ hostName }) => [hostName]),
  hypervisor_hostname: pattern(({ hostName }) => [hostName], early),
  availability_zone: pattern((_server, zone) => [zone], since83),
  vm_state: same('vmState', since83),
  task_state: same('taskState', since83),
  power_state: pattern(({ powerState }) => [String(powerState)], since83),
  progress: { ...since83, read: (value) => ({ ofName: () => value === '0' }) },
  config_drive: flag('hasConfigDrive', since83),
  auto_disk_config: flag('hasAutoDisk'),
  locked: flag('locked', { members: 73, from: 73 }),
  locked_by: pattern(({ lockedBy }) => [lockedBy]),
  created_at: time(({ createdAt }) => createdAt, since83),
  updated_at: time(({ updatedAt }) => updatedAt, early),
  launched_at: time(({ launchedAt }) => launchedAt, since83),
  terminated_at: time(({ terminatedAt }) => terminatedAt, since83),
  metadata: { read: (value, key) => ({ ofServer: metadataFilter(value, key) }) },
  tags: tags((has, requested) => requested.every(has)),
  'tags-any': tags((has, requested) => requested.some(has)),
  'not-tags': tags((has, requested) => !requested.every(has)),
  'not-tags-any': tags((has, requested) => !requested.some(has)),
};

/**
 * What Nova's schema has and no server can be found by. An administrator who filters by one is
 * refused.
 */
const joined = splitNames(
  'block_device_mapping services system_metadata info_cache security_groups pci_devices',
);

/**
 * Facts of a server in Nova's table which its schema does not have, so that they come before 2.75
 * only.
 */
const unknown = splitNames(`
  architecture os_type vm_mode cleaned hidden cell_name deleted_at memory_mb vcpus root_gb ephemeral_gb
  ephemeral_key_uuid launched_on disable_terminate shutdown_terminate default_ephemeral_device
  default_swap_device key_data user_data
`);

/** Is a list with this key refused? Keys that begin with `_` are internal to Nova. */
export function isNoFilter(key: string): boolean {
  return key.startsWith('_') || joined.includes(key) || unknown.includes(key);
}

/**
 * Keys that may stand in the query; from 2.75 on any other is refused. No server is ever
 * soft-deleted, so `soft_deleted` changes no list.
 */
export const serverQuery: readonly string[] = [
  ...Object.keys(filters).filter((key) => filters[key]?.to === undefined),
  ...joined,
  ...splitNames(`
    status limit marker sort_key sort_dir all_tenants deleted soft_deleted changes-since changes-before
  `),
];

/** The order of a server list: `sort_key` and `sort_dir`, each repeatable. */
import type { ServerField, ServerSelection } from '#contracts/store/server-selection.ts';
import { ComputeError } from '#core/errors.ts';
import { queryValues } from '#http/routes/query.ts';
import type { Call } from '../../requests/route.ts';

/** null: all servers are equal in it. */
const keys: Record<string, ServerField | null> = {
  access_ip_v4: 'accessIpv4',
  access_ip_v6: 'accessIpv6',
  auto_disk_config: 'hasAutoDisk',
  availability_zone: 'availabilityZone',
  config_drive: 'hasConfigDrive',
  created_at: 'createdAt',
  display_description: 'description',
  display_name: 'name',
  host: 'hostName',
  hostname: 'hostname',
  image_ref: 'imageId',
  instance_type_id: 'flavorId',
  kernel_id: 'kernelId',
  key_name: 'keyName',
  launch_index: 'launchIndex',
  launched_at: 'launchedAt',
  locked: 'locked',
  locked_by: 'locked',
  node: 'hostName',
  power_state: 'powerState',
  progress: null,
  project_id: 'projectId',
  ramdisk_id: 'ramdiskId',
  root_device_name: 'rootDevice',
  task_state: 'taskState',
  terminated_at: 'terminatedAt',
  updated_at: 'updatedAt',
  user_id: 'userId',
  uuid: 'id',
  vm_state: 'vmState',
};

/** An order by host would reveal which servers share one. */
const administrators = ['host', 'node'];

/**
 * The requested order, a repeated key counting once; none: newest first. Throws `invalid` for an
 * unknown key or direction, and `forbidden` for a key that only administrators may use. Source:
 * Nova `remove_invalid_sort_keys`.
 */
export function requestedOrder({ query, caller }: Call): NonNullable<ServerSelection['order']> {
  const directions = queryValues(query, 'sort_dir');
  const requested = queryValues(query, 'sort_key').map((key, at) => ({
    key,
    direction: directions[at] ?? directions.at(-1) ?? 'desc',
  }));
  const unique = requested.filter(
    ({ key }, at) => requested.findIndex((one) => one.key === key) === at,
  );
  return unique.flatMap(({ key, direction }) => {
    const by = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (administrators.includes(key) && !caller.isAdmin) {
      throw new ComputeError('forbidden', `Only administrators can sort servers by ${key}`);
    }
    if (by === undefined) throw bad('sort_key', key, Object.keys(keys));
    if (direction !== 'asc' && direction !== 'desc') {
      throw bad('sort_dir', direction, ['asc', 'desc']);
    }
    return by === null ? [] : [{ by, direction }];
  });
}

function bad(key: string, value: string, may: string[]): ComputeError {
  return new ComputeError(
    'invalid',
    `Invalid input for query parameters ${key}. Value: ${value}. must be one of ${may.join(', ')}`,
  );
}

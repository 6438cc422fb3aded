/** The order of a server list: `sort_key` and `sort_dir`, each repeatable. */
import { ComputeError } from '#core/errors.ts';
import { hasConfigDrive } from '#core/guests/config-drive.ts';
import { kernelImages, rootDevice } from '#core/guests/guest-kernel.ts';
import type { Server } from '#core/servers/server.ts';
import { queryValues } from '../paging.ts';
import type { Call } from '../route.ts';

const keys: Record<string, (server: Server) => string | number> = {
  access_ip_v4: ({ accessIpv4 }) => accessIpv4 ?? '',
  access_ip_v6: ({ accessIpv6 }) => accessIpv6 ?? '',
  auto_disk_config: ({ diskConfig }) => Number(diskConfig === 'AUTO'),
  availability_zone: ({ availabilityZone }) => availabilityZone ?? '',
  config_drive: (server) => Number(hasConfigDrive(server)),
  created_at: ({ createdAt }) => createdAt,
  display_description: ({ description }) => description ?? '',
  display_name: ({ name }) => name,
  host: ({ hostName }) => hostName ?? '',
  hostname: ({ hostname }) => hostname,
  image_ref: ({ imageId }) => imageId ?? '',
  instance_type_id: ({ flavor }) => flavor.id,
  kernel_id: ({ imageProperties }) => kernelImages(imageProperties).kernelId ?? '',
  key_name: ({ keyName }) => keyName ?? '',
  launch_index: ({ launchIndex }) => launchIndex,
  launched_at: ({ launchedAt }) => launchedAt ?? 0,
  locked: ({ locked }) => Number(locked),
  locked_by: ({ locked }) => Number(locked),
  node: ({ hostName }) => hostName ?? '',
  power_state: ({ powerState }) => powerState,
  progress: () => 0,
  project_id: ({ projectId }) => projectId,
  ramdisk_id: ({ imageProperties }) => kernelImages(imageProperties).ramdiskId ?? '',
  root_device_name: ({ imageProperties }) => rootDevice(imageProperties),
  task_state: ({ taskState }) => taskState ?? '',
  terminated_at: ({ terminatedAt }) => terminatedAt ?? 0,
  updated_at: ({ updatedAt }) => updatedAt,
  user_id: ({ userId }) => userId,
  uuid: ({ id }) => id,
  vm_state: ({ vmState }) => vmState,
};

/** An order by host would say which servers share one. */
const administrators = ['host', 'node'];

/**
 * The servers in the order asked for, a key that is repeated counting once; as they came (newest first) when none is. Throws `invalid` for an unknown key or direction, and
 * `forbidden` for a key that is the administrators'. Source: Nova `remove_invalid_sort_keys`.
 */
export function sorted({ query, caller }: Call, servers: Server[]): Server[] {
  const asked = queryValues(query, 'sort_key');
  if (asked.length === 0) return servers;
  const directions = queryValues(query, 'sort_dir');
  const first = new Map([...asked.entries()].toReversed().map(([at, key]) => [key, at]));
  const unique = asked
    .map((key, at) => ({ key, at }))
    .filter(({ key, at }) => first.get(key) === at);
  const orders = unique.map(({ key, at }) => {
    const read = Object.hasOwn(keys, key) ? keys[key] : undefined;
    const direction = directions[at] ?? directions.at(-1) ?? 'desc';
    if (administrators.includes(key) && !caller.isAdmin) {
      throw new ComputeError('forbidden', `Only administrators can sort servers by ${key}`);
    }
    if (read === undefined) throw bad('sort_key', key, Object.keys(keys));
    if (direction !== 'asc' && direction !== 'desc')
      throw bad('sort_dir', direction, ['asc', 'desc']);
    return { read, sign: direction === 'asc' ? 1 : -1 };
  });
  return servers.toSorted((one, other) => {
    for (const { read, sign } of orders) {
      const [a, b] = [read(one), read(other)];
      if (a !== b) return a < b ? -sign : sign;
    }
    return 0;
  });
}

function bad(key: string, value: string, may: string[]): ComputeError {
  return new ComputeError(
    'invalid',
    `Invalid input for query parameters ${key}. Value: ${value}. must be one of ${may.join(', ')}`,
  );
}

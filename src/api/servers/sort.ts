/** The order of a server list: `sort_key` and `sort_dir`, each repeatable. */
import { ComputeError } from '#core/errors.ts';
import { hasConfigDrive } from '#core/guests/config-drive.ts';
import type { Server } from '#core/servers/server.ts';
import { queryValues } from '../paging.ts';
import type { Query } from '../route.ts';

const keys: Record<string, (server: Server) => string | number> = {
  access_ip_v4: ({ accessIpv4 }) => accessIpv4 ?? '',
  access_ip_v6: ({ accessIpv6 }) => accessIpv6 ?? '',
  availability_zone: ({ availabilityZone }) => availabilityZone ?? '',
  config_drive: (server) => Number(hasConfigDrive(server)),
  created_at: ({ createdAt }) => createdAt,
  display_description: ({ description }) => description ?? '',
  display_name: ({ name }) => name,
  host: ({ hostName }) => hostName ?? '',
  hostname: ({ hostname }) => hostname,
  image_ref: ({ imageId }) => imageId ?? '',
  instance_type_id: ({ flavor }) => flavor.id,
  key_name: ({ keyName }) => keyName ?? '',
  launch_index: ({ launchIndex }) => launchIndex,
  launched_at: ({ launchedAt }) => launchedAt ?? 0,
  locked: ({ locked }) => Number(locked),
  power_state: ({ powerState }) => powerState,
  project_id: ({ projectId }) => projectId,
  task_state: ({ taskState }) => taskState ?? '',
  terminated_at: ({ terminatedAt }) => terminatedAt ?? 0,
  updated_at: ({ updatedAt }) => updatedAt,
  user_id: ({ userId }) => userId,
  uuid: ({ id }) => id,
  vm_state: ({ vmState }) => vmState,
};

/** The servers in the order asked for; as they came (newest first) when none is. Throws `invalid` for an unknown key or direction. */
export function sorted(query: Query, servers: Server[]): Server[] {
  const asked = queryValues(query, 'sort_key');
  if (asked.length === 0) return servers;
  const directions = queryValues(query, 'sort_dir');
  const orders = asked.map((key, at) => {
    const read = keys[key];
    const direction = directions[at] ?? directions.at(-1) ?? 'desc';
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

/**
 * A checked body of POST /servers as the request that workflows take. What Novella cannot do is
 * refused, never ignored.
 */
import { ComputeError } from '#core/errors.ts';
import type { NewServerRequest, PlacementHints } from '#core/servers/new-server.ts';
import { idOfReference, isSet } from '../../requests/fields.ts';
import { requireRule } from '../../requests/permission.ts';
import type { Call } from '../../requests/route.ts';
import { accessAddress } from './access-address.ts';
import { bootImageId } from './boot-image.ts';
import type { CreateServerBody } from './create-schema.ts';
import { refuseItemsOverQuota } from './metadata-limit.ts';
import { placementOf } from './placement.ts';
import { requestedNics } from './requested-nics.ts';
import { keptKey, keyNamed } from './server-key.ts';
import { userDataOf } from './user-data.ts';

type ServerBody = CreateServerBody['server'];

/** Throws `invalid`, `forbidden` or `overQuota`, naming the field. */
export async function newServerRequest(call: Call<CreateServerBody>): Promise<NewServerRequest> {
  const { server } = call.body;
  refuseWhatIsNotOffered(server);
  requireRulesOf(call, server);
  const metadata = server.metadata ?? {};
  await refuseItemsOverQuota(call, metadata);
  const counts = countsOf(server, call.context.serversPerRequest);
  const key = await keyNamed(call, server.key_name);
  return {
    name: server.name.trim(),
    hostname: hostnameFor(server, counts.maxCount),
    description: server.description ?? null,
    flavorId: idOfReference(String(server.flavorRef)),
    imageId: bootImageId(server),
    networks: requestedNics(server.networks, call.version, counts.maxCount),
    ...counts,
    ...(await placementOf(call, server)),
    keyName: key?.name ?? null,
    key: keptKey(key),
    metadata,
    tags: [...new Set(server.tags ?? [])],
    userData: userDataOf(server.user_data ?? null),
    configDrive: isSet(server.config_drive ?? false),
    accessIpv4: accessAddress('accessIPv4', server.accessIPv4),
    accessIpv6: accessAddress('accessIPv6', server.accessIPv6),
    diskConfig: server['OS-DCF:diskConfig'] ?? 'MANUAL',
    hints: hintsOf(call.body),
    securityGroups: groupNamesOf(server),
  };
}

/** Block devices and networks have rules of their own. */
function requireRulesOf(call: Call, server: ServerBody): void {
  const { block_device_mapping: old = [], block_device_mapping_v2: devices = [] } = server;
  if (old.length + devices.length > 0) {
    requireRule(call, 'os_compute_api:servers:create:attach_volume');
  }
  const { networks = [] } = server;
  if (networks !== 'none' && networks.length > 0) {
    requireRule(call, 'os_compute_api:servers:create:attach_network');
  }
}

function countsOf(
  server: ServerBody,
  most: number,
): Pick<NewServerRequest, 'minCount' | 'maxCount'> {
  const minCount = Number(server.min_count ?? 1);
  const maxCount = Number(server.max_count ?? minCount);
  for (const [field, count] of Object.entries({ min_count: minCount, max_count: maxCount })) {
    if (count <= most) continue;
    throw new ComputeError(
      'invalid',
      `${field}: ${count} is more than ${most}, the most servers that one request may ask for.`,
    );
  }
  if (minCount <= maxCount) return { minCount, maxCount };
  throw new ComputeError(
    'invalid',
    `min_count must be <= max_count: ${minCount} is more than ${maxCount}.`,
  );
}

/** null: it is made from the name. One hostname is of one server. */
function hostnameFor({ hostname }: ServerBody, maxCount: number): string | null {
  if (hostname === undefined || maxCount === 1) return hostname ?? null;
  throw new ComputeError(
    'invalid',
    `hostname: Unable to allocate a single hostname to multiple instances: max_count is ${maxCount}.`,
  );
}

/** Other hints are dropped, as Nova drops those that none of its filters reads. */
function hintsOf(body: CreateServerBody): PlacementHints {
  const hints = { ...body['OS-SCH-HNT:scheduler_hints'], ...body['os:scheduler_hints'] };
  return {
    group: hints.group ?? null,
    sameHost: [hints.same_host ?? []].flat(),
    differentHost: [hints.different_host ?? []].flat(),
  };
}

function refuseWhatIsNotOffered(server: ServerBody): void {
  if ((server.personality ?? []).length > 0) {
    throw new ComputeError('invalid', 'personality: files are not injected; use user_data.');
  }
  if ((server.trusted_image_certificates ?? []).length > 0) {
    throw new ComputeError(
      'invalid',
      'trusted_image_certificates: image signatures are not checked.',
    );
  }
}

/** An entry without a name requests nothing, as in Nova. */
function groupNamesOf({ security_groups: groups = [] }: ServerBody): string[] {
  return groups.flatMap(({ name }) => name ?? []);
}

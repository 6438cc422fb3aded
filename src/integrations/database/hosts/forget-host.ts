/** Removes a host and every record that only this host could settle. */
import type { Kysely } from 'kysely';
import { ComputeError } from '#core/errors.ts';
import { leaveAggregates } from './aggregate-hosts.ts';
import { endedMoves } from '#core/servers/move.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

const serversNamed = 10;

/** In one transaction. Throws `conflict`, naming the servers, while servers are on the host. */
export async function forgetHost(trx: Db, hostId: string): Promise<void> {
  await refuseServers(trx, hostId);
  await refuseMoves(trx, hostId);
  const onHost = trx.selectFrom('instances').select('uuid').where('compute_node_id', '=', hostId);
  // Tasks of deleted servers: the host they wait for will not answer.
  await trx
    .updateTable('tasks')
    .set({ step: null, data: '{}', due_at: null })
    .where('instance_uuid', 'in', onHost)
    .where('step', 'is not', null)
    .execute();
  await trx
    .updateTable('instances')
    .set({ compute_node_id: null })
    .where('compute_node_id', '=', hostId)
    .execute();
  await trx
    .updateTable('migrations')
    .set({ left_on: null })
    .where('left_on', '=', hostId)
    .execute();
  await trx
    .updateTable('pci_devices')
    .set({ instance_uuid: null })
    .where('compute_node_id', '=', hostId)
    .execute();
  await trx.deleteFrom('pci_devices').where('compute_node_id', '=', hostId).execute();
  await trx.deleteFrom('device_events').where('compute_node_id', '=', hostId).execute();
  await trx.deleteFrom('host_commands').where('compute_node_id', '=', hostId).execute();
  await trx.deleteFrom('host_links').where('compute_node_id', '=', hostId).execute();
  await leaveAggregates(trx, hostId);
  await trx.deleteFrom('compute_nodes').where('uuid', '=', hostId).execute();
}

/** A move that has not ended needs both of its hosts. */
async function refuseMoves(trx: Db, hostId: string): Promise<void> {
  const move = await trx
    .selectFrom('migrations')
    .innerJoin('instances', 'instances.uuid', 'migrations.instance_uuid')
    .select(['migrations.instance_uuid', 'migration_type'])
    .where('status', 'not in', endedMoves)
    .where('instances.deleted_at', 'is', null)
    .where((eb) => eb.or([eb('source_id', '=', hostId), eb('dest_id', '=', hostId)]))
    .executeTakeFirst();
  if (move === undefined) return;
  throw new ComputeError(
    'conflict',
    `The host cannot be forgotten: the ${move.migration_type} of server ${move.instance_uuid} has not ended; confirm or revert it first.`,
  );
}

async function refuseServers(trx: Db, hostId: string): Promise<void> {
  const servers = await trx
    .selectFrom('instances')
    .innerJoin('compute_nodes', 'compute_nodes.uuid', 'instances.compute_node_id')
    .select(['instances.uuid', 'hypervisor_hostname'])
    .where('compute_node_id', '=', hostId)
    .where('deleted_at', 'is', null)
    .orderBy('instances.id')
    .execute();
  const [first] = servers;
  if (first === undefined) return;
  const named = servers.slice(0, serversNamed).map(({ uuid }) => uuid);
  const more = servers.length > named.length ? ` and ${servers.length - named.length} more` : '';
  const holders =
    servers.length === 1
      ? `server ${named[0]} is on it; evacuate or delete it first.`
      : `servers ${named.join(', ')}${more} are on it; evacuate or delete them first.`;
  throw new ComputeError(
    'conflict',
    `Host ${first.hypervisor_hostname} cannot be forgotten: ${holders}`,
  );
}

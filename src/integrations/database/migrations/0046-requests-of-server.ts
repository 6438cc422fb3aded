/** What a server requires of devices is in its row. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** As before this migration. */
interface RequestRow {
  instance_uuid: string;
  request_id: string;
  count: number;
  spec: string;
  needs_interface: number;
  alias_name: string | null;
  numa_policy: string | null;
  requester_id: string | null;
}

export const requestsOfServer: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('instances').addColumn('pci_requests', 'text').execute();
    const { rows } = await sql<RequestRow>`select * from pci_requests order by id`.execute(db);
    for (const [serverId, requests] of Map.groupBy(rows, (row) => row.instance_uuid)) {
      const text = `[${requests.map(documentOf).join(',')}]`;
      await sql`update instances set pci_requests = ${text} where uuid = ${serverId}`.execute(db);
    }
    await db.schema.dropTable('pci_requests').execute();
  },
};

/** A spec that cannot be read makes all of them unreadable, and ends no upgrade. */
function documentOf(row: RequestRow): string {
  const fields = {
    requestId: row.request_id,
    count: row.count,
    needsInterface: row.needs_interface !== 0,
    aliasName: row.alias_name,
    numaPolicy: row.numa_policy,
    requesterId: row.requester_id,
  };
  return `${JSON.stringify(fields).slice(0, -1)},"spec":${row.spec}}`;
}

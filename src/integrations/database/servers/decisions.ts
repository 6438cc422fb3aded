/** The scheduler's input and decision, per server and attempt. */
import type { Insertable, Kysely } from 'kysely';
import type { Decision } from '#core/scheduling/decision.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import { preparedChange } from '../rows/prepared.ts';
import { readRows } from '../rows/readable-rows.ts';
import type { ComputeTables, DecisionRow } from '../sqlite/tables.ts';

const decisionMap: FieldMap<Decision, DecisionRow> = {
  serverId: ['instance_uuid', 'plain'],
  attempt: ['attempt', 'plain'],
  decidedAt: ['decided_at', 'plain'],
  chosen: ['chosen', 'plain'],
  candidates: ['candidates', 'json'],
  rejections: ['rejections', 'json'],
  devices: ['devices', 'json'],
};

const insert = preparedChange((db: Kysely<ComputeTables>, row: Insertable<DecisionRow>) =>
  db.insertInto('decisions').values(row),
);

export async function insertDecision(
  trx: Kysely<ComputeTables>,
  decision: Decision,
): Promise<void> {
  await insert(trx, toRow(decisionMap, decision, {}), {});
}

/** The decisions for a server, oldest first. */
export async function listDecisions(
  db: Kysely<ComputeTables>,
  serverId: string,
): Promise<Decision[]> {
  const rows = await db
    .selectFrom('decisions')
    .selectAll()
    .where('instance_uuid', '=', serverId)
    .orderBy('id')
    .execute();
  return readRows('decisions', rows, (row) => toFields(decisionMap, row));
}

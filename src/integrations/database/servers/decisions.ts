/** The scheduler's input and decision, per server and attempt. */
import type { Insertable, Kysely, Selectable } from 'kysely';
import type {
  DecisionPage,
  DecisionStore,
  StoredDecision,
} from '#contracts/store/decisions/decision-store.ts';
import type { Decision } from '#core/scheduling/decision.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import { preparedChange } from '../rows/prepared.ts';
import { readRows } from '../rows/readable-rows.ts';
import type { ComputeTables, DecisionRow } from '../engine/tables.ts';
import { packCandidates, unpackCandidates } from './candidates-column.ts';

const decisionMap: FieldMap<Omit<Decision, 'candidates'>, DecisionRow> = {
  serverId: ['instance_uuid', 'plain'],
  attempt: ['attempt', 'plain'],
  decidedAt: ['decided_at', 'plain'],
  chosen: ['chosen', 'plain'],
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
  const candidates = packCandidates(decision.candidates);
  await insert(trx, toRow(decisionMap, decision, { candidates }), {});
}

function toDecision(row: Selectable<DecisionRow>): Decision {
  return { ...toFields(decisionMap, row), candidates: unpackCandidates(row.candidates) };
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
  return readRows('decisions', rows, toDecision);
}

export function decisionStore(db: Kysely<ComputeTables>): DecisionStore {
  return { ids: (page) => decisionIds(db, page), get: (id) => findDecision(db, id) };
}

async function decisionIds(
  db: Kysely<ComputeTables>,
  { limit, before, isRefused, host, serverId }: DecisionPage,
): Promise<number[]> {
  let query = db.selectFrom('decisions').select('id').orderBy('id', 'desc').limit(limit);
  if (before !== undefined) query = query.where('id', '<', before);
  if (isRefused !== undefined) query = query.where('chosen', isRefused ? 'is' : 'is not', null);
  if (host !== undefined) query = query.where('chosen', '=', host);
  if (serverId !== undefined) query = query.where('instance_uuid', '=', serverId);
  return (await query.execute()).map(({ id }) => id);
}

async function findDecision(
  db: Kysely<ComputeTables>,
  id: number,
): Promise<StoredDecision | undefined> {
  const rows = await db.selectFrom('decisions').selectAll().where('id', '=', id).execute();
  return readRows('decisions', rows, (row) => ({ ...toDecision(row), id }))[0];
}

/**
 * A page of servers in SQL: filtered, sorted and limited by the database, so that only the page's
 * rows are read.
 */
import { type Compilable, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import type {
  ListedServer,
  ServerCondition,
  ServerField,
  ServerSelection,
} from '#contracts/store/server-selection.ts';
import type { ServerStore } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { type Prepared, prepared } from '../rows/prepared.ts';
import { textInJson } from '../engine/dialect.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;
type Value = string | number;

const column = (name: string) => sql.ref<Value>(`instances.${name}`);

/** 1 or 0, as flags are stored. */
const flag = (condition: RawBuilder<unknown>) =>
  sql<number>`case when ${condition} then 1 else 0 end`;

const diskBus = textInJson('instances.image_properties', 'hw_disk_bus');
const wantsDrive = textInJson('instances.image_properties', 'img_config_drive');

const fields: Record<ServerField, RawBuilder<Value>> = {
  id: column('uuid'),
  name: column('display_name'),
  hostname: column('hostname'),
  description: column('display_description'),
  projectId: column('project_id'),
  userId: column('user_id'),
  imageId: column('image_ref'),
  flavorId: textInJson('instances.flavor', 'id'),
  kernelId: textInJson('instances.image_properties', 'kernel_id'),
  ramdiskId: textInJson('instances.image_properties', 'ramdisk_id'),
  rootDevice: sql`case ${diskBus} when 'ide' then 'hda' when 'sata' then 'sda' when 'scsi' then 'sda' when 'usb' then 'sda' else 'vda' end`,
  keyName: column('key_name'),
  hasConfigDrive: flag(sql`instances.config_drive <> 0 or ${wantsDrive} = 'mandatory' or exists (
    select 1 from instance_nics where instance_uuid = instances.uuid and pci_request_id is not null)`),
  accessIpv4: column('access_ip_v4'),
  accessIpv6: column('access_ip_v6'),
  hasAutoDisk: flag(sql`instances.disk_config = 'AUTO'`),
  availabilityZone: column('availability_zone'),
  launchIndex: column('launch_index'),
  locked: column('locked'),
  vmState: column('vm_state'),
  taskState: column('task_state'),
  powerState: column('power_state'),
  hostId: column('compute_node_id'),
  hostName: column('host'),
  createdAt: column('created_at'),
  updatedAt: column('updated_at'),
  launchedAt: column('launched_at'),
  terminatedAt: column('terminated_at'),
};

/** The part of the server store that finds servers. */
export function serverSelections(db: Db): Pick<ServerStore, 'select'> {
  return {
    select: async (selection) =>
      (await firstPage(db, selection, pages)) ?? selectServers(db, selection),
  };
}

/** Of a whole list. */
type FirstPage = Required<Pick<ServerSelection, 'projectId' | 'limit'>>;
type Deleted = ServerSelection['deleted'];

/** The statements of the first pages of whole lists, which are few. */
export type FirstPages<Row> = Record<
  'ofAll' | 'ofProjects',
  Record<Deleted, Prepared<ComputeTables, FirstPage, Row>>
>;

/** `query` is given the selection of each. */
export function firstPages<Row>(
  query: (db: Db, selection: ServerSelection) => Compilable<Row>,
): FirstPages<Row> {
  const ofAll = (deleted: Deleted) =>
    prepared((db: Db, { limit }: FirstPage) => query(db, { deleted, limit }));
  const ofProjects = (deleted: Deleted) =>
    prepared((db: Db, { projectId, limit }: FirstPage) => query(db, { deleted, projectId, limit }));
  return {
    ofAll: { none: ofAll('none'), only: ofAll('only'), too: ofAll('too') },
    ofProjects: { none: ofProjects('none'), only: ofProjects('only'), too: ofProjects('too') },
  };
}

/** undefined where the selection is not the first page of a whole list. */
export async function firstPage<Row>(
  db: Db,
  selection: ServerSelection,
  { ofAll, ofProjects }: FirstPages<Row>,
): Promise<Row[] | undefined> {
  const { projectId, deleted, limit, where = [], order = [], ...narrower } = selection;
  const isWhole = Object.values(narrower).every((value) => value === undefined);
  if (!isWhole || where.length + order.length > 0) return undefined;
  const statements = projectId === undefined ? ofAll : ofProjects;
  return (await statements[deleted](db, { projectId: projectId ?? '', limit })).rows;
}

const pages = firstPages<ListedServer>((db, selection) => selectionQuery(db, selection));

/** Throws `invalid` when the marker server does not exist or is not in the project. */
export async function selectServers(db: Db, selection: ServerSelection): Promise<ListedServer[]> {
  return selectionQuery(db, selection, await placeOf(db, selection)).execute();
}

/** A server's position in an order: its sort key values, its creation time and its row number. */
type Place = Value[];

/** The statement of `selectServers`. `place`: that of the server before the page. */
export function selectionQuery(db: Db, selection: ServerSelection, place?: Place) {
  const { projectId, deleted, where = [], either, changedSince, changedBefore } = selection;
  let query = db
    .selectFrom('instances')
    .select(['instances.uuid as id', 'instances.display_name as name'])
    .limit(selection.limit);
  if (projectId !== undefined) query = query.where('project_id', '=', projectId);
  if (deleted === 'none') query = query.where('deleted_at', 'is', null);
  if (deleted === 'only') query = query.where('deleted_at', 'is not', null);
  if (changedSince !== undefined) query = query.where('updated_at', '>=', changedSince);
  if (changedBefore !== undefined) query = query.where('updated_at', '<=', changedBefore);
  for (const condition of where) query = query.where(holds(condition));
  if (either !== undefined)
    query = query.where(
      joined(
        'or',
        either.map((all) => joined('and', all.map(holds))),
      ),
    );
  if (place !== undefined) query = query.where(follows(selection, place));
  for (const { key, direction } of sortKeys(selection)) query = query.orderBy(key, direction);
  return query.orderBy('instances.created_at', 'desc').orderBy('instances.id', 'desc');
}

function holds(condition: ServerCondition): RawBuilder<SqlBool> {
  const value = fields[condition.field];
  if ('noneOf' in condition) return isNoneOf(value, condition.noneOf);
  return isOneOf(value, condition.oneOf);
}

type Values = readonly (string | number | boolean | null)[];

function isOneOf(value: RawBuilder<Value>, values: Values): RawBuilder<SqlBool> {
  const known = withoutNull(values);
  // An empty list is no SQL.
  const isKnown =
    known.length === 0 ? sql.lit(false) : sql<SqlBool>`${value} in (${sql.join(known)})`;
  return values.includes(null) ? sql`(${isKnown} or ${value} is null)` : isKnown;
}

function isNoneOf(value: RawBuilder<Value>, values: Values): RawBuilder<SqlBool> {
  const known = withoutNull(values);
  const isOther =
    known.length === 0
      ? sql<SqlBool>`${value} is not null`
      : sql<SqlBool>`${value} not in (${sql.join(known)})`;
  return values.includes(null) ? isOther : sql`(${isOther} or ${value} is null)`;
}

function withoutNull(values: Values): Value[] {
  return values.flatMap((each) =>
    each === null ? [] : [typeof each === 'boolean' ? Number(each) : each],
  );
}

/** Without conditions `or` is false and `and` true. */
function joined(
  operator: 'and' | 'or',
  conditions: readonly RawBuilder<SqlBool>[],
): RawBuilder<SqlBool> {
  if (conditions.length === 0) return sql.lit(operator === 'and');
  return sql`(${sql.join(conditions, sql.raw(` ${operator} `))})`;
}

const numbers: readonly ServerField[] = [
  'hasConfigDrive',
  'hasAutoDisk',
  'launchIndex',
  'locked',
  'powerState',
  'createdAt',
  'updatedAt',
  'launchedAt',
  'terminatedAt',
];

/** A missing value sorts first, as the empty text or zero. */
function sortKeys({ order = [] }: ServerSelection) {
  return order.map(({ by, direction }) => ({
    key: sql<Value>`coalesce(${fields[by]}, ${sql.lit(numbers.includes(by) ? 0 : '')})`,
    direction,
  }));
}

/** Compares key by key, the last comparison in a form that an index can serve. */
function follows(selection: ServerSelection, place: Place): RawBuilder<SqlBool> {
  const [createdAt, serial] = place.slice(-2);
  const newestFirst = sql<SqlBool>`(instances.created_at, instances.id) < (${createdAt}, ${serial})`;
  return sortKeys(selection).reduceRight((rest, { key, direction }, at) => {
    const value = place[at];
    const isBeyond = direction === 'asc' ? sql`${key} > ${value}` : sql`${key} < ${value}`;
    return sql`(${isBeyond} or (${key} = ${value} and ${rest}))`;
  }, newestFirst);
}

async function placeOf(db: Db, selection: ServerSelection): Promise<Place | undefined> {
  const { after, projectId } = selection;
  if (after === undefined) return undefined;
  const keys = sortKeys(selection).map(({ key }, at) => key.as(`key${at}`));
  let query = db
    .selectFrom('instances')
    .select([...keys, 'instances.created_at', 'instances.id'])
    .where('uuid', '=', after);
  if (projectId !== undefined) query = query.where('project_id', '=', projectId);
  const row = (await query.executeTakeFirst()) as Record<string, Value> | undefined;
  if (row === undefined) throw new ComputeError('invalid', `marker [${after}] not found`);
  return [...keys.map((_, at) => row[`key${at}`] ?? ''), row['created_at'] ?? 0, row['id'] ?? 0];
}

/** What in a migration prevents that controllers of the version before run with it. */
import {
  type AlterTableNode,
  ColumnDefinitionNode,
  type ColumnDefinitionNode as Column,
  CreateIndexNode,
  CreateTableNode,
  type Kysely,
  type KyselyPlugin,
  RawNode,
  type RootOperationNode,
  SelectQueryNode,
  ValueNode,
} from 'kysely';
import type { Migration } from 'kysely/migration';
import { createsIndexes } from '#integrations/database/upgrade/online.ts';

/**
 * Runs the migration, and returns what is not allowed of the statements that it executes: anything
 * but new tables with their indexes, new columns that are null or have a constant default, new
 * indexes by `addedIndexes`, and storage parameters.
 */
export async function faultsOfOnline(db: Kysely<unknown>, migration: Migration): Promise<string[]> {
  if (createsIndexes(migration)) {
    // Nothing else is in such a migration: its indexes say what it executes.
    await migration.up(db);
    return [];
  }
  const statements: RootOperationNode[] = [];
  const recording: KyselyPlugin = {
    transformQuery: ({ node }) => {
      statements.push(node);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  // What it executes is judged, also where the engine refuses it.
  await migration.up(db.withPlugin(recording)).catch(() => undefined);
  const created = statements
    .filter((node) => CreateTableNode.is(node))
    .map(({ table }) => nameOf(table));
  return statements.flatMap((node) => faultOf(node, created) ?? []);
}

function nameOf(table: { table: { identifier: { name: string } } } | undefined): string {
  return table?.table.identifier.name ?? '';
}

function faultOf(node: RootOperationNode, created: readonly string[]): string | undefined {
  if (SelectQueryNode.is(node) || CreateTableNode.is(node)) return undefined;
  if (CreateIndexNode.is(node)) {
    if (created.includes(nameOf(node.table))) return undefined;
    return `an index of ${nameOf(node.table)}, which existed: use addedIndexes`;
  }
  if (node.kind === 'AlterTableNode') return faultOfChange(node);
  if (RawNode.is(node) && isAllowed(node.sqlFragments.join('?'))) return undefined;
  return RawNode.is(node) ? node.sqlFragments.join('?').trim() : node.kind;
}

/** Queries, and parameters of storage. */
function isAllowed(statement: string): boolean {
  return /^\s*select\s/i.test(statement) || /^\s*alter table \? set \(/i.test(statement);
}

function faultOfChange(node: AlterTableNode): string | undefined {
  const { table, columnAlterations = [], ...others } = node;
  const added = columnAlterations.map((each) => ('column' in each ? each.column : undefined));
  const columns = added.filter((each) => each !== undefined && ColumnDefinitionNode.is(each));
  const isOnlyAdding =
    columnAlterations.every(({ kind }) => kind === 'AddColumnNode') &&
    Object.keys(others).every((key) => key === 'kind');
  if (isOnlyAdding && columns.every(isAddition)) return undefined;
  return `a change of ${nameOf(table)} that is more than a column without value, or with a constant one`;
}

function isAddition(column: Column): boolean {
  const { kind: _, column: _name, dataType: _type, notNull, defaultTo, ...others } = column;
  const isConstant = defaultTo === undefined || ValueNode.is(defaultTo.defaultValue);
  return (
    isConstant && (notNull !== true || defaultTo !== undefined) && Object.keys(others).length === 0
  );
}

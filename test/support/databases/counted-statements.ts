/** What a piece of work costs at SQLite, which does not depend on the machine. */
import { type SQLInputValue, StatementSync } from 'node:sqlite';

/** A statement that was run, and how many rows it returned. */
export interface CountedStatement {
  sql: string;
  rows: number;
}

/**
 * The reading statements that this process runs during `work`. Example:
 * `await countedStatements(() => world.ask('GET /v2.1/servers'))`.
 */
export async function countedStatements(work: () => Promise<unknown>): Promise<CountedStatement[]> {
  const counted: CountedStatement[] = [];
  const all: (this: StatementSync, ...values: SQLInputValue[]) => object[] =
    // oxlint-disable-next-line typescript/unbound-method -- called with its statement below
    StatementSync.prototype.all;
  const counting = function (this: StatementSync, ...values: SQLInputValue[]) {
    const rows = all.apply(this, values);
    counted.push({ sql: this.sourceSQL, rows: rows.length });
    return rows;
  };
  StatementSync.prototype.all = counting as StatementSync['all'];
  try {
    await work();
  } finally {
    StatementSync.prototype.all = all as StatementSync['all'];
  }
  return counted;
}

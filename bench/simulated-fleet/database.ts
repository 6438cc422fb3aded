/** The database of a fleet, and what its server counts. */
import { Client } from 'pg';

/** Creates a database of its own on this server; the URL names any other one there. */
export async function createFleetDatabase(
  server: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `novella_fleet_${process.pid}`;
  await onServer(server, `create database ${name} encoding 'UTF8' template template0`);
  return {
    url: inDatabase(server, name),
    drop: () => onServer(server, `drop database if exists ${name} with (force)`),
  };
}

/**
 * The URL of another database on the server. Example: `postgresql:///a?host=/run`, `b` →
 * `postgresql:///b?host=/run`.
 */
export function inDatabase(server: string, name: string): string {
  return server.replace(/^(\w+:\/\/[^/?]*)(?:\/[^?]*)?/, `$1/${name}`);
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Counts since the server started. */
export interface Counts {
  at: number;
  /** Transactions that have written something. */
  writing: number;
  /** Signs of life of the controllers. */
  beats: number;
  /** All transactions; many only read. */
  transactions: number;
  /** Rows that were written, by table. */
  rows: Map<string, number>;
}

/** A connection that only watches. */
export class WatchedDatabase {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<WatchedDatabase> {
    const client = new Client(url);
    client.on('error', () => {});
    await client.connect();
    return new WatchedDatabase(client);
  }

  /** How many hosts are linked to the controllers of these names. */
  async linked(controllers: readonly string[]): Promise<number> {
    const [row] = await this.#rows<{ count: string }>(
      `select count(*) from host_links join controllers on uuid = controller_uuid
       where name = any($1)`,
      [controllers],
    );
    return Number(row?.count);
  }

  /** How many hosts are linked to each controller, the most first. */
  async linksOfEach(): Promise<number[]> {
    const rows = await this.#rows<{ count: string }>(
      `select count(*) from host_links where controller_uuid is not null
       group by controller_uuid order by 1 desc`,
    );
    return rows.map(({ count }) => Number(count));
  }

  /** Connections to the database, apart from this one. */
  async connections(): Promise<number> {
    const [row] = await this.#rows<{ count: string }>(
      `select count(*) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return Number(row?.count);
  }

  async counts(): Promise<Counts> {
    const [row] = await this.#rows<Record<'writing' | 'beats' | 'transactions', string>>(
      `select pg_snapshot_xmax(pg_current_snapshot())::text as writing,
         (select coalesce(sum(beats), 0) from controllers) as beats,
         (select xact_commit from pg_stat_database where datname = current_database())
           as transactions`,
    );
    const rows = await this.#rows<{ relname: string; written: string }>(
      `select relname, n_tup_ins + n_tup_upd + n_tup_del as written from pg_stat_user_tables`,
    );
    return {
      at: performance.now(),
      writing: Number(row?.writing),
      beats: Number(row?.beats),
      transactions: Number(row?.transactions),
      rows: new Map(rows.map(({ relname, written }) => [relname, Number(written)])),
    };
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  async #rows<Row extends object>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>(statement, values)).rows;
  }
}

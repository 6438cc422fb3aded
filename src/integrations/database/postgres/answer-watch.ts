/** Which statements a server still executes: a machine that lost its power closes no connection. */
import { Client } from 'pg';

/** For a connection, and for the answer. */
const longestMs = 3_000;

/**
 * The connections whose statement the server executes now, by their process ids, read on a
 * connection of its own. Empty where no server answers; undefined where this very statement is not
 * found: the server does not track activities, or a pooler has given the connection another id.
 */
async function executingProcesses(url: string): Promise<ReadonlySet<number> | undefined> {
  const client = new Client({
    connectionString: url,
    application_name: 'novella',
    connectionTimeoutMillis: longestMs,
    query_timeout: longestMs,
  });
  // Its end is reported too.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where state = 'active' and datname = current_database()`,
    );
    const executing = new Set(rows.map(({ pid }) => pid));
    // `pg` has it, and its types lack it.
    const { processID } = client as unknown as { processID: number };
    return executing.has(processID) ? executing : undefined;
  } catch (error) {
    // A refusal, such as of one connection too many, is an answer.
    return (error as { severity?: unknown }).severity === undefined ? new Set() : undefined;
  } finally {
    void client.end().catch(() => undefined);
  }
}

/** How long a statement may have no answer before the server is examined, in milliseconds. */
const doubtMs = 4_000;
/** An answer that is on its way arrives within this time. */
const underWayMs = 500;

/** Ends connections that wait for an answer which will not come. One for each pool. */
export class AnswerWatch {
  readonly #url: string;
  #reading: Promise<ReadonlySet<number> | undefined> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Watches one statement of the connection with this process id, until the returned function is
   * called. `end` is called when the server does not execute it and nothing has come for four to
   * eight seconds.
   */
  watch(processId: number, end: () => void): () => void {
    let timer: NodeJS.Timeout;
    let isAnswered = false;
    const examine = async (): Promise<void> => {
      const executing = await this.#read();
      if (isAnswered) return;
      const isExecuting = executing === undefined || executing.has(processId);
      if (isExecuting) timer = setTimeout(() => void examine(), doubtMs);
      else timer = setTimeout(end, underWayMs);
    };
    timer = setTimeout(() => void examine(), doubtMs);
    return () => {
      isAnswered = true;
      clearTimeout(timer);
    };
  }

  /** All that are in doubt at the same time share one reading. */
  #read(): Promise<ReadonlySet<number> | undefined> {
    this.#reading ??= executingProcesses(this.#url).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }
}

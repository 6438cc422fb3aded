/** Whether a server keeps what was committed to it. */
import { type Kysely, sql } from 'kysely';
import { ComputeError } from '#core/errors.ts';

interface ServerState {
  version: number;
  versionText: string;
  encoding: string;
  isStandby: boolean;
  fsync: string;
  synchronousCommit: string;
}

const oldestVersion = 140_000;

/** Throws `unavailable`, naming the setting, for a server that may lose a reported commit. */
export async function refuseUnsafeServer<Tables>(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<ServerState>`
    select current_setting('server_version_num')::integer as version,
      current_setting('server_version') as "versionText",
      current_setting('server_encoding') as encoding,
      pg_is_in_recovery() as "isStandby",
      current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as "synchronousCommit"`.execute(db);
  const [state] = rows;
  const problem = state && problemOf(state);
  if (problem !== undefined) throw new ComputeError('unavailable', problem);
}

function problemOf(state: ServerState): string | undefined {
  if (state.version < oldestVersion)
    return `PostgreSQL ${state.versionText} is too old; 14 or newer is needed`;
  if (state.encoding !== 'UTF8')
    return `its encoding is ${state.encoding}; create one with the encoding UTF8`;
  if (state.isStandby) return 'its server is a standby; name the primary';
  if (state.fsync !== 'on')
    return 'fsync is off: a power cut may damage it; set fsync to on in the configuration of the server';
  if (state.synchronousCommit === 'off')
    return 'synchronous_commit is off: a crash of the server loses commits that were reported as done; set it to on';
  return undefined;
}

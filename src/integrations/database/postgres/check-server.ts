/** Whether a server keeps what was committed to it. */
import { type Kysely, sql } from 'kysely';
import { ComputeError } from '#core/errors.ts';
import { withoutPassword } from './without-password.ts';

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

interface Replication {
  standbys: number;
  synchronousNames: string;
  synchronousCommit: string;
}

/**
 * Throws `unavailable` where standby servers are connected and commits wait for none of them: after
 * a failover a device could be given to a second server. Where commits wait for some of them, only
 * those may be promoted, which is not checked. A backup, a receiver of the log and logical
 * replication are no standbys; a user without the role `pg_read_all_stats` cannot distinguish
 * the first two from one.
 */
export async function refuseAsynchronousStandbys<Tables>(
  db: Kysely<Tables>,
  url: string,
): Promise<void> {
  const { rows } = await sql<Replication>`
    select current_setting('synchronous_standby_names') as "synchronousNames",
      current_setting('synchronous_commit') as "synchronousCommit",
      (select count(*) from pg_stat_replication r
        where r.state is distinct from 'backup'
          and coalesce(r.application_name, '') not in ('pg_basebackup', 'pg_receivewal')
          and not exists (select 1 from pg_replication_slots s
            where s.active_pid = r.pid and s.slot_type = 'logical')) as standbys`.execute(db);
  const [state] = rows;
  const isWaitedFor = state?.synchronousNames !== '' && state?.synchronousCommit !== 'local';
  if (state === undefined || state.standbys === 0 || isWaitedFor) return;
  const setting =
    state.synchronousNames === ''
      ? 'synchronous_standby_names is empty'
      : `synchronous_commit is ${state.synchronousCommit}`;
  throw new ComputeError(
    'unavailable',
    `database ${withoutPassword(url)}: its standby servers are asynchronous (${setting}): a failover loses the newest commits, and a device could be given to two servers; configure synchronous replication, or accept this with "allow_asynchronous_standbys: true"`,
  );
}

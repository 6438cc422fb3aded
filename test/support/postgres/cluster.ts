/** A PostgreSQL of the tests' own, on a socket in a temporary folder in memory. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { memoryFolder } from '../memory-folder.ts';

export interface Cluster {
  /** The URL of a database of this name. */
  url: (database: string) => string;
  /** Starts a standby of it, which replicates as the server requires. */
  startStandby: () => Promise<Cluster>;
  /** Begins a backup that takes minutes, with the log; the returned function ends it. */
  beginBackup: () => () => void;
  /** The path of its socket. */
  socket: string;
  /** `kill -9` of the server's first process: the others end with it. */
  crash: () => Promise<void>;
  /** Starts it again, with what was on disk. */
  restart: () => Promise<void>;
  /** Ends the server and deletes its files. */
  stop: () => Promise<void>;
}

const user = 'novella';
const startMs = 30_000;

/**
 * Starts a server that syncs its commits, and whose default order of texts is not that of bytes.
 * As root it runs as the user `postgres`: the server refuses to run as root.
 */
export async function startCluster(): Promise<Cluster> {
  const locale = ['--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en'];
  const auth = [`--username=${user}`, '--auth=trust', '--encoding=UTF8', '--no-sync', ...locale];
  return serve('initdb', (data) => ['--pgdata', data, ...auth]);
}

/** `make`: the program that writes the folder with the data, and its arguments. */
async function serve(make: string, args: (data: string) => string[]): Promise<Cluster> {
  const bin = programs();
  if (bin === undefined) throw new Error("no PostgreSQL here: install Debian's package postgresql");
  const folder = mkdtempSync(join(memoryFolder(), 'novella-pg-'));
  const who = owner();
  if (who !== undefined) chownSync(folder, who.uid, who.gid);
  const data = join(folder, 'data');
  run(who, join(bin, make), args(data));
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    max_connections: 300,
    max_wal_size: '128MB',
    min_wal_size: '32MB',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const begin = () => start(who, join(bin, 'postgres'), ['-D', data, ...flags]);
  let server = begin();
  const url = (database: string) => `postgresql://${user}@/${database}?host=${folder}`;
  const startStandby = () => {
    const copied = ['--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
    return serve('pg_basebackup', (to) => ['--pgdata', to, '--dbname', url('postgres'), ...copied]);
  };
  const beginBackup = () => {
    const slow = ['--max-rate=64k', '--wal-method=stream', '--checkpoint=fast', '--no-sync'];
    const to = ['--pgdata', join(folder, 'backup'), '--dbname', url('postgres')];
    const backup = start(who, join(bin, 'pg_basebackup'), [...to, ...slow]);
    return () => void backup.kill();
  };
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await ended;
  };
  const stop = async () => {
    // Without a last checkpoint: nothing of it is kept.
    await end('SIGQUIT');
    rmSync(folder, { recursive: true });
  };
  const restart = async () => {
    const limit = Date.now() + startMs;
    for (;;) {
      server = begin();
      try {
        return await answers(url('postgres'), server);
      } catch (error) {
        // The other processes of the server that was killed may take a moment to end.
        if (Date.now() > limit) throw error;
      }
    }
  };
  try {
    await answers(url('postgres'), server);
  } catch (error) {
    await stop();
    throw error;
  }
  const socket = join(folder, '.s.PGSQL.5432');
  return { url, startStandby, beginBackup, socket, stop, crash: () => end('SIGKILL'), restart };
}

/** The newest that Debian's packages installed. */
function programs(): string | undefined {
  const root = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(root).toSorted((a, b) => Number(b) - Number(a));
    return versions[0] && join(root, versions[0], 'bin');
  } catch {
    return undefined;
  }
}

interface Owner {
  uid: number;
  gid: number;
}

function owner(): Owner | undefined {
  if (userInfo().uid !== 0) return undefined;
  const idOf = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** The program ends with this process, however that ends. */
function as(who: Owner | undefined, program: string, values: string[]): string[] {
  const identity =
    who === undefined ? [] : [`--reuid=${who.uid}`, `--regid=${who.gid}`, '--clear-groups'];
  return [...identity, '--pdeathsig=INT', program, ...values];
}

function run(who: Owner | undefined, program: string, values: string[]): void {
  execFileSync('setpriv', as(who, program, values), { stdio: ['ignore', 'ignore', 'inherit'] });
}

function start(who: Owner | undefined, program: string, values: string[]): ChildProcess {
  return spawn('setpriv', as(who, program, values), { stdio: 'ignore' });
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  const end = Date.now() + startMs;
  for (;;) {
    const client = new Client(url);
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > end || server.exitCode !== null) throw error;
    }
    await sleep(50);
  }
}

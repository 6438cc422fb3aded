/** `novella db status`, `migrate` and `copy` on the command line. */
import type { Command } from 'commander';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { withExamples } from '#cli/terminal/examples.ts';
import { withJson } from '#cli/terminal/json-option.ts';
import { type Screen, writeJson, writeLines } from '#cli/terminal/screen.ts';
import type { CopiedDatabase } from './copy-database.ts';
import type { DatabaseStatus } from './database-status.ts';
import type { DatabaseOptions } from './named-database.ts';

type Options = DatabaseOptions & { json?: boolean };

/** Adds the commands. They work on the database itself, without any service. */
export function addDatabaseCommands(
  novella: Command,
  {
    screen,
    end,
    ...surroundings
  }: Surroundings & { screen: Screen; end: (status: number) => void },
): void {
  const db = novella
    .command('db')
    .description('the database of a cloud: where it is, and its schema');
  const named = async (options: DatabaseOptions) =>
    (await import('./named-database.ts')).namedDatabase(options, surroundings);
  const status = withDatabase(db.command('status'))
    .description('show where the database is, and whether its schema is that of this version')
    .action(async (options: Options) => {
      const { databaseStatus } = await import('./database-status.ts');
      const found = await databaseStatus(await named(options));
      if (options.json === true) writeJson(screen, found);
      else writeLines(screen, statusLines(found));
      if (found.problem !== null) end(1);
    });
  const migrate = withDatabase(db.command('migrate'))
    .description('bring the schema to that of this version, as a start does')
    .action(async (options: Options) => {
      const { migrateDatabase } = await import('./database-status.ts');
      const { database, ran, newest } = await migrateDatabase(await named(options));
      if (options.json === true) return writeJson(screen, { database, ran, newest });
      const done = ran.length === 0 ? 'nothing to do' : `ran ${ran.join(', ')}`;
      writeLines(screen, [`${database}: ${done}; the schema is ${newest}`]);
    });
  const copy = withState(db.command('copy'))
    .description('copy the database from the state directory to a PostgreSQL server')
    .requiredOption('--to <url>', 'an empty database, as createdb makes it')
    .action(async (options: Options & { to: string }) => {
      const { copyToPostgres } = await import('./copy-database.ts');
      const { postgresUrl } = await import('./named-database.ts');
      const to = postgresUrl('--to', options.to);
      const copied = await copyToPostgres(await named(options), to);
      if (options.json === true) writeJson(screen, copied);
      else writeLines(screen, copyLines(copied));
    });
  withExamples(status, 'novella db status', 'novella db status --config /etc/novella/novella.yaml');
  withExamples(migrate, 'novella db migrate --database postgresql://novella@db1/novella');
  withExamples(copy, 'novella db copy --to "postgresql:///novella?host=/run/postgresql"');
}

function withState(command: Command): Command {
  return withJson(command)
    .option('--config <file>', 'the novella.yaml of the cloud')
    .option('--state-dir <dir>', 'its state directory (default: .novella)');
}

function withDatabase(command: Command): Command {
  return withState(command).option('--database <url>', 'a database of PostgreSQL');
}

const engines = { sqlite: 'SQLite', postgresql: 'PostgreSQL' };

function statusLines({ engine, database, newest, ...schema }: DatabaseStatus): string[] {
  const { pending, unknown } = schema;
  return [
    `Database  ${database} (${engines[engine]})`,
    `Schema    ${newest ?? 'none: the database is empty'}`,
    ...(pending.length === 0 ? [] : [`Pending   ${pending.join(', ')}`]),
    ...(unknown.length === 0 ? [] : [`Unknown   ${unknown.join(', ')}`]),
    advice(schema),
  ];
}

function advice({
  pending,
  unknown,
  problem,
}: Pick<DatabaseStatus, 'pending' | 'unknown' | 'problem'>): string {
  if (pending.length > 0) return '"novella db migrate" runs what is pending; so does a start.';
  if (problem !== null) {
    return 'A newer Novella has changed this database; this version does not start on it.';
  }
  if (unknown.length === 0) return 'The schema is that of this version.';
  return 'A newer Novella has only added to the schema of this version, which works with it.';
}

function copyLines({ to, kept, tables }: CopiedDatabase): string[] {
  const filled = tables.filter(({ rows }) => rows > 0);
  const rows = filled.reduce((sum, each) => sum + each.rows, 0);
  return [
    `Copied ${rows} rows of ${filled.length} tables to ${to}, and compared each of them.`,
    `The file is kept as ${kept}; remove it when you no longer need it: it has all secrets of the cloud.`,
    'Next:',
    '  set database in the configuration, or pass --database',
    `  novella up --database '${to}'`,
  ];
}

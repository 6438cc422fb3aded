/** `novella backup` and `novella restore` on the command line. */
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { withExamples } from '#cli/terminal/examples.ts';
import { withJson } from '#cli/terminal/json-option.ts';
import { type Screen, writeJson, writeLines } from '#cli/terminal/screen.ts';
import type { Restored } from './backup/restore-backup.ts';
import type { Manifest } from './backup/manifest.ts';

interface StateOptions {
  config?: string;
  stateDir?: string;
  json?: boolean;
}

/** Adds both commands. They work on the state directory itself, without any service. */
export function addBackupCommands(
  novella: Command,
  { screen, ...surroundings }: Surroundings & { screen: Screen },
): void {
  const backup = withState(novella.command('backup'))
    .description('copy the state of a cloud into a new folder, also while it runs')
    .argument('<folder>', 'folder to create; must not exist')
    .action(async (folder: string, options: StateOptions) => {
      const { makeBackup } = await import('./backup/make-backup.ts');
      const stateDir = await stateDirOf(options, surroundings);
      const config = options.config === undefined ? {} : { configFile: options.config };
      const manifest = await makeBackup({ stateDir, target: folder, ...config, now: new Date() });
      if (options.json === true) writeJson(screen, manifest);
      else writeLines(screen, backupLines(resolve(folder), manifest));
    });
  const restore = withState(novella.command('restore'))
    .description('create a state directory from a backup')
    .argument('<folder>', 'folder written by "novella backup"')
    .option('--replace', 'if the state directory is not empty, move its content aside first')
    .action(async (folder: string, options: StateOptions & { replace?: boolean }) => {
      const { restoreBackup } = await import('./backup/restore-backup.ts');
      const stateDir = await stateDirOf(options, surroundings);
      const replace = options.replace === true;
      const restored = await restoreBackup({ backup: folder, stateDir, replace, now: new Date() });
      const { kept = null, manifest } = restored;
      if (options.json === true) writeJson(screen, { state_dir: stateDir, kept, backup: manifest });
      else writeLines(screen, restoreLines(resolve(folder), restored));
    });
  withExamples(
    backup,
    'novella backup /var/backups/novella/monday',
    'novella backup monday --config /etc/novella/novella.yaml',
  );
  withExamples(
    restore,
    'novella restore /var/backups/novella/monday --state-dir /tmp/novella',
    'novella restore monday --state-dir .novella --replace',
  );
}

function withState(command: Command): Command {
  return withJson(command)
    .option('--config <file>', 'the novella.yaml of the cloud')
    .option('--state-dir <dir>', 'its state directory (default: .novella)');
}

async function stateDirOf(options: StateOptions, surroundings: Surroundings): Promise<string> {
  if (options.stateDir !== undefined) return resolve(options.stateDir);
  const { readConfig } = await import('./config/config.ts');
  return readConfig(options.config, surroundings).stateDir;
}

function backupLines(folder: string, manifest: Omit<Manifest, 'format'>): string[] {
  const { state_dir: stateDir, lost_images: lost, files } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return [
    `Backup of ${stateDir} in ${folder}: ${amountsOf(manifest)}, ${megabytes(bytes)} in ${files.length} files.`,
    ...lost.map((id) => `Image ${id}: its file was missing; it is not in the backup.`),
  ];
}

function restoreLines(folder: string, { manifest, stateDir, kept }: Restored): string[] {
  const { created_at: createdAt, novella, files } = manifest;
  const config = files.some(({ path }) => path === 'novella.yaml');
  return [
    `Restored ${stateDir} from ${basename(folder)}, as it was at ${createdAt} (Novella ${novella}): ${amountsOf(manifest)}.`,
    ...(kept === undefined ? [] : [`What was there before is in ${kept}.`]),
    'Next:',
    ...(config
      ? [`  compare ${join(folder, 'novella.yaml')} with the configuration of this machine`]
      : []),
    `  novella up --state-dir ${stateDir}`,
    '  novella status    names guests that were made after the backup: they keep running, and no server has them',
    '  openstack server list --all-projects    shows servers that were deleted after it: delete them again',
  ];
}

function amountsOf({ servers, images }: Pick<Manifest, 'servers' | 'images'>): string {
  const count = (amount: number, noun: string) => `${amount} ${noun}${amount === 1 ? '' : 's'}`;
  return `${count(servers, 'server')} (deleted ones too), ${count(images, 'image')}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A config drive as a CD image. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { ComputeError } from '#core/errors.ts';
import { configDriveLabel } from '#core/guests/description/config-drive.ts';
import type { DriveFile } from '#core/guests/description/guest.ts';
import { runTool, ToolFailure } from './run-tool.ts';

/** Programs that create one, with their first arguments. */
const makers = {
  genisoimage: ['-input-charset', 'utf-8'],
  xorriso: ['-as', 'mkisofs'],
};
type Maker = keyof typeof makers;

/**
 * Writes the image to `path`, with names for Linux (Rock Ridge) and Windows (Joliet), by the first
 * of these programs installed on the host. The folder `path`.files is used temporarily. Throws
 * `unavailable` when none is installed.
 */
export async function makeConfigDriveIso(
  path: string,
  files: readonly DriveFile[],
  programs: readonly Maker[] = ['genisoimage', 'xorriso'],
): Promise<void> {
  const folder = `${path}.files`;
  await rm(folder, { recursive: true, force: true });
  try {
    await mkdir(folder, { recursive: true });
    for (const file of files) await writeDriveFile(folder, file);
    await makeIso(path, folder, programs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeDriveFile(folder: string, file: DriveFile): Promise<void> {
  const inside = normalize(file.path);
  if (inside.startsWith('/') || inside.startsWith('..')) {
    throw new ComputeError(
      'invalid',
      `config drive: the file ${file.path} is outside of the drive`,
    );
  }
  const path = join(folder, inside);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.from(file.content, file.encoding));
}

async function makeIso(path: string, folder: string, programs: readonly Maker[]): Promise<void> {
  const args = ['-quiet', '-J', '-r', '-V', configDriveLabel, '-o', path, folder];
  for (const program of programs) {
    try {
      await runTool({ program, args: [...makers[program], ...args], debianPackage: program });
      return;
    } catch (error) {
      if (!(error instanceof ToolFailure) || !error.isMissing) throw error;
    }
  }
  throw new ComputeError(
    'unavailable',
    `no config drive can be made on this host: install the Debian package ${programs.join(' or ')}`,
  );
}

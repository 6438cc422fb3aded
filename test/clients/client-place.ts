/** A place in the Debian tree of OpenStack whose programs reach a running Novella. */
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sshString } from '#runtime/keys/ssh-wire.ts';
import type { NovellaProcess } from '#test/processes/novella-process.ts';
import type { Place } from '../openstack/environment/inside.ts';
import { openstackTree } from '../openstack/environment/tree.ts';

/** How long a first run may take, which builds the tree. */
export const treeTimeoutMs = 900_000;

/**
 * Programs start in this folder, and find there clouds.yaml, a public key `mine.pub`, a file
 * `user-data`, and these files of the tests.
 */
export async function clientPlace(
  novella: NovellaProcess,
  folder: string,
  files: readonly string[],
): Promise<Place> {
  mkdirSync(folder, { recursive: true });
  copyFileSync(novella.cloudsYaml, join(folder, 'clouds.yaml'));
  writeFileSync(join(folder, 'mine.pub'), publicKey());
  writeFileSync(join(folder, 'user-data'), '#cloud-config\n');
  for (const file of files) {
    const from = fileURLToPath(new URL(file, import.meta.url));
    cpSync(from, join(folder, file), { recursive: true });
  }
  return { tree: (await openstackTree()).path, folder };
}

function publicKey(): string {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const parts = [sshString('ssh-ed25519'), sshString(Buffer.from(x, 'base64url'))];
  return `ssh-ed25519 ${Buffer.concat(parts).toString('base64')} me`;
}

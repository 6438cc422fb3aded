import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createImageStore } from '#integrations/database/services/image-store.ts';
import { migrate } from '#integrations/database/migrate.ts';
import { openSqlite } from '#integrations/database/sqlite/sqlite.ts';
import { migratedSqlite } from '#test/migrated-database.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { refuseHalfRestored } from '../state/half-restored.ts';
import { takeStateDirectory } from '../state/state-directory.ts';
import { makeBackup } from './make-backup.ts';
import { restoreBackup } from './restore-backup.ts';

let folder: ReturnType<typeof temporaryDirectory>;
let state: string;
let backup: string;
beforeEach(async () => {
  folder = temporaryDirectory();
  state = join(folder.path, 'state');
  backup = join(folder.path, 'backup');
  await makeState();
});
afterEach(() => folder.remove());

const now = new Date('2026-11-29T10:00:00Z');
const image = '5f0c0000-0000-4000-8000-000000000001';

/** A state directory with one image and one host that had 7 commands. */
async function makeState(): Promise<void> {
  mkdirSync(join(state, 'images'), { recursive: true });
  const db = await migratedSqlite(join(state, 'novella.sqlite'));
  await createImageStore(db).add({
    id: image,
    name: 'mine',
    status: 'active',
    visibility: 'private',
    projectId: 'p',
    isProtected: false,
    isHidden: false,
    diskFormat: 'raw',
    containerFormat: 'bare',
    minDiskGib: 0,
    minMemoryMib: 0,
    sizeBytes: 18,
    md5: null,
    sha512: null,
    tags: [],
    properties: {},
    createdAt: 1,
    updatedAt: 1,
  });
  await db.destroy();
  writeFileSync(join(state, 'images', image), 'bytes of the image');
  writeFileSync(join(state, 'images', 'unknown'), 'of no row');
  writeFileSync(join(state, 'admin-password'), 'secret\n', { mode: 0o600 });
}

const back = () => makeBackup({ stateDir: state, target: backup, now });
const restore = (into = join(folder.path, 'new'), replace = false) =>
  restoreBackup({ backup, stateDir: into, replace, now });
const changeManifest = (change: (manifest: Record<string, unknown>) => void) => {
  const path = join(backup, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  change(manifest);
  writeFileSync(path, JSON.stringify(manifest));
};

test('a backup has database, images and secrets, no more, readable by its owner only; a restore brings them back', async () => {
  const manifest = await back();
  expect(manifest.files.map(({ path }) => path)).toEqual([
    'admin-password',
    `images/${image}`,
    'novella.sqlite',
  ]);
  expect(readdirSync(backup).toSorted()).toEqual([
    'admin-password',
    'images',
    'manifest.json',
    'novella.sqlite',
  ]);
  expect(statSync(backup).mode & 0o777).toBe(0o700);
  for (const { path } of manifest.files) {
    expect([path, statSync(join(backup, path)).mode & 0o777]).toEqual([path, 0o600]);
  }
  const into = join(folder.path, 'new');
  expect(await restore()).toMatchObject({ stateDir: into, kept: undefined });
  expect(readFileSync(join(into, 'images', image), 'utf8')).toBe('bytes of the image');
  expect(readFileSync(join(into, 'admin-password'), 'utf8')).toBe('secret\n');
  expect(existsSync(join(into, 'restoring'))).toBe(false);
  const db = openSqlite(join(into, 'novella.sqlite'));
  expect(await migrate(db)).toEqual([]);
  await db.destroy();
});

test('a commit that is only in the WAL is in the backup', async () => {
  const writer = new DatabaseSync(join(state, 'novella.sqlite'));
  writer.exec(
    'PRAGMA wal_autocheckpoint = 0; create table notes (text); begin; insert into notes values (1)',
  );
  writer.exec('commit; begin immediate; insert into notes values (2)');
  await back();
  writer.exec('rollback');
  writer.close();
  const copy = new DatabaseSync(join(backup, 'novella.sqlite'));
  expect(copy.prepare('select text from notes').all()).toEqual([{ text: 1 }]);
  copy.close();
});

test('a backup is written to a new path, and never into the state directory', async () => {
  mkdirSync(backup);
  await expect(back()).rejects.toThrow(`${backup}: exists already; name a new folder`);
  const inside = join(state, 'b');
  await expect(makeBackup({ stateDir: state, target: inside, now })).rejects.toThrow(
    `${inside}: is in the state directory`,
  );
  const nowhere = join(folder.path, 'nowhere');
  await expect(makeBackup({ stateDir: nowhere, target: `${backup}2`, now })).rejects.toThrow(
    `state directory ${nowhere}: has no novella.sqlite`,
  );
  expect(readdirSync(folder.path).toSorted()).toEqual(['backup', 'state']);
});

test('a damaged database is not backed up, and no partial backup stays', async () => {
  const path = join(state, 'novella.sqlite');
  const garbage = Buffer.alloc(8192, 0xa5);
  const whole = readFileSync(path);
  garbage.copy(whole, 3 * 4096);
  writeFileSync(path, whole);
  await expect(back()).rejects.toMatchObject({ kind: 'unavailable' });
  expect(readdirSync(folder.path)).toEqual(['state']);
});

test('an image without its file is named, and everything else is backed up', async () => {
  rmSync(join(state, 'images', image));
  expect(await back()).toMatchObject({ lost_images: [image], images: 0 });
  await restore();
});

test('a changed, truncated or missing file of the backup is named, and nothing is restored', async () => {
  await back();
  const into = join(folder.path, 'new');
  const path = join(backup, 'images', image);
  writeFileSync(path, 'other of the image');
  await expect(restore()).rejects.toThrow(`${path}: is not what was backed up: 18 bytes`);
  truncateSync(path, 3);
  await expect(restore()).rejects.toThrow(`${path}: is not what was backed up: 3 bytes`);
  rmSync(path);
  await expect(restore()).rejects.toThrow(`${path}: is not there; use another backup`);
  expect(readdirSync(into).toSorted()).toEqual(['lock', 'pid']);
});

test('a backup of a newer Novella is refused with its version', async () => {
  await back();
  changeManifest((manifest) => {
    manifest['novella'] = '9.0.0';
    manifest['migrations'] = ['9999-from-the-future'];
  });
  await expect(restore()).rejects.toThrow(
    /is a backup of a newer Novella \(9\.0\.0\): it has 9999-from-the-future, and the newest migration of this version is \d{4}-/,
  );
  changeManifest((manifest) => {
    manifest['format'] = 2;
  });
  await expect(restore()).rejects.toThrow('is a backup of a newer Novella (9.0.0); restore it');
});

test.each([
  [
    'no manifest',
    undefined,
    'manifest.json: no such file; name a folder written by "novella backup"',
  ],
  ['a truncated one', '{"format": 1, "fi', 'manifest.json: cannot be read'],
  ['null', 'null', 'manifest.json: is not the manifest of a backup'],
  ['one without files', '{"format": 1}', 'manifest.json: is not the manifest of a backup'],
])('a folder with %s is not a backup', async (_what, text, message) => {
  mkdirSync(backup);
  if (text !== undefined) writeFileSync(join(backup, 'manifest.json'), text);
  await expect(restore()).rejects.toThrow(message);
});

test('a manifest that names a file elsewhere is refused', async () => {
  await back();
  for (const path of ['../../etc/passwd', '/etc/passwd', 'images/..', '.']) {
    changeManifest((manifest) => {
      manifest['files'] = [{ path, bytes: 1, sha256: 'a'.repeat(64) }];
    });
    await expect(restore()).rejects.toThrow('is not the manifest of a backup, or was changed');
  }
});

test('restore refuses a running controller or a non-empty directory; --replace moves the content aside', async () => {
  await back();
  const running = takeStateDirectory(state);
  await expect(restore(state, true)).rejects.toThrow(`is in use by process ${process.pid}`);
  running.release();
  await expect(restore(state)).rejects.toThrow('is not empty; name a new one, or let --replace');
  writeFileSync(join(state, 'admin-password'), 'newer\n');
  mkdirSync(join(state, 'hosts', 'hv1', 'guests'), { recursive: true });
  const kept = join(state, 'before-restore-20261129T100000Z');
  expect(await restore(state, true)).toMatchObject({ kept });
  expect(readFileSync(join(state, 'admin-password'), 'utf8')).toBe('secret\n');
  expect(readFileSync(join(kept, 'admin-password'), 'utf8')).toBe('newer\n');
  expect(existsSync(join(kept, 'images', 'unknown'))).toBe(true);
  // Guests of a real host expect their files where they were.
  expect(existsSync(join(state, 'hosts', 'hv1', 'guests'))).toBe(true);
});

test('an interrupted restore is not a cloud, and is started again with --replace', async () => {
  await back();
  const into = join(folder.path, 'new');
  mkdirSync(join(into, 'restoring'), { recursive: true });
  expect(() =>
    refuseHalfRestored({ path: into, file: (...names) => join(into, ...names) }),
  ).toThrow(
    `state directory ${into}: a restore into it was cut off; run it again: novella restore`,
  );
  await expect(makeBackup({ stateDir: into, target: `${backup}2`, now })).rejects.toThrow(
    'no novella.sqlite',
  );
  await expect(restore(into)).rejects.toThrow('an earlier restore into it was cut off; --replace');
  await restore(into, true);
  refuseHalfRestored({ path: into, file: (...names) => join(into, ...names) });
});

test('commands after a restore have numbers that no agent has seen', async () => {
  const raw = new DatabaseSync(join(state, 'novella.sqlite'));
  raw.exec(`
    insert into compute_nodes (uuid, number, hypervisor_hostname, generation, availability_zone, host_ip, hypervisor_type,
      hypervisor_version, vcpus, memory_mb, local_gb, cpu_info, vcpus_used, memory_mb_used, local_gb_used, pci_stats,
      disabled, forced_down, last_seen_at, created_at, last_command_seq)
    values ('h', 1, 'host-1', 1, 'nova', '192.0.2.1', 'QEMU', 1, 8, 1024, 10, '{}', 0, 0, 0, '[]', 0, 0, 1, 1, 7)`);
  raw.close();
  await back();
  const { stateDir } = await restore();
  const restored = new DatabaseSync(join(stateDir, 'novella.sqlite'));
  expect(restored.prepare('select last_command_seq as seq from compute_nodes').all()).toEqual([
    { seq: 1_000_007 },
  ]);
  restored.close();
});

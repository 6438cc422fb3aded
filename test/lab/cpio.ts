/**
 * The archive that the kernel unpacks as its first root file system. Source: kernel "initramfs
 * buffer format", `newc`.
 */

/** A file, a folder (neither text nor link) or a symbolic link. */
export interface ArchiveEntry {
  /** Without a leading slash; the folders above it come first. Example: `bin/busybox`. */
  path: string;
  content?: Buffer | string;
  linkTo?: string;
  isExecutable?: boolean;
}

/** The whole archive; every file belongs to root. */
export function packArchive(entries: readonly ArchiveEntry[]): Buffer {
  const records = [...entries, { path: 'TRAILER!!!', content: '' }];
  return Buffer.concat(records.flatMap((entry, at) => record(entry, at + 1)));
}

const typeBits = { file: 0o100000, folder: 0o040000, link: 0o120000 };

function record(entry: ArchiveEntry, inode: number): Buffer[] {
  const data = Buffer.from(entry.content ?? entry.linkTo ?? '');
  const name = Buffer.from(`${entry.path}\0`);
  const fields = [inode, modeOf(entry), 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(data)];
}

function modeOf({ content, linkTo, isExecutable = false }: ArchiveEntry): number {
  if (linkTo !== undefined) return typeBits.link | 0o777;
  if (content === undefined) return typeBits.folder | 0o755;
  return typeBits.file | (isExecutable ? 0o755 : 0o644);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

/**
 * The guest files of a simulated host: only the records it needs. Images are judged as on a real
 * host, by their first bytes.
 */
import { type GuestFiles, maxConsoleBytes } from '#contracts/host/guest-files.ts';
import type { ImageSource, ImageContent } from '#contracts/services/images.ts';
import { accepted } from '#core/accepted.ts';
import { ComputeError, invariant, isComputeError } from '#core/errors.ts';
import { tailLines } from '#core/guests/console-tail.ts';
import { type Guest, hasDisk } from '#core/guests/description/guest.ts';
import {
  checkDiskImage,
  checkKernelImage,
  diskBytesOf,
  type ImageFacts,
} from '#core/images/check-image.ts';
import { headBytes } from '#core/images/qcow2-header.ts';
import { consoleText } from './console-text.ts';
import { emptyQcow2 } from '#core/images/empty-qcow2.ts';
import { KeptGuests } from './kept-guests.ts';

export interface SimulatedGuestFilesOptions {
  images: ImageSource;
  /** Folder with a file of what is kept; in memory only when absent. */
  stateDirectory?: string;
  /** Of the guests' files: this host, or the storage that it shares with others. */
  owner: string;
}

interface KeptFiles {
  /** The image that its disk was created from. */
  diskImageId: string | null;
  /** null: it has no disk; absent in files of an earlier version. */
  diskBytes?: number | null;
  console: string;
  /** Absent in files of an earlier version. */
  owner?: string;
}

const mostImages = 20;

/** Of a disk that an earlier version made. */
const usualDiskBytes = 1024 ** 3;

export class SimulatedGuestFiles implements GuestFiles {
  readonly #options: SimulatedGuestFilesOptions;
  readonly #kept: KeptGuests<KeptFiles>;
  /** An image never changes, so it is read once. The newest: shelving makes one each time. */
  readonly #images = new Map<string, Promise<ImageFacts>>();

  /** Reads what an earlier process stored in the state directory. */
  constructor(options: SimulatedGuestFilesOptions) {
    this.#options = options;
    this.#kept = new KeptGuests({ folder: options.stateDirectory, isWhole: hasConsole });
  }

  async prepare(guest: Guest, { fresh }: { fresh: boolean }): Promise<void> {
    const before = this.#kept.get(guest.id);
    this.#refuse(guest.id, before?.owner);
    const keepsFiles = before !== undefined && !fresh;
    const { diskImageId, diskBytes } = keepsFiles
      ? before
      : { diskImageId: guest.imageId, diskBytes: await this.#judgeImages(guest) };
    await this.#kept.set(guest.id, {
      diskImageId,
      ...(diskBytes !== undefined && { diskBytes }),
      console: consoleText(guest, diskImageId),
      owner: this.#options.owner,
    });
  }

  async prepareRescue(guest: Guest): Promise<void> {
    const { rescue } = guest;
    const before = this.#kept.get(guest.id);
    invariant(rescue !== undefined && before !== undefined, `guest ${guest.id}: not in rescue`);
    const { imageId, kernel } = rescue;
    await this.#judgeImages({ ...guest, imageId, kernel, diskGib: 0 });
    const rescued = { ...guest, kernel };
    await this.#kept.set(guest.id, { ...before, console: consoleText(rescued, imageId) });
  }

  async cacheImage(imageId: string): Promise<void> {
    accepted(checkDiskImage(await this.#facts(imageId)));
  }

  async copyDisk(guestId: string): Promise<void> {
    this.#diskOf(guestId);
    return Promise.resolve();
  }

  async uploadCopy(guestId: string, imageId: string): Promise<void> {
    const bytes = emptyQcow2(this.#diskOf(guestId));
    const upload = { sizeBytes: bytes.length, open: () => onePart(bytes) };
    await this.#options.images.upload(imageId, upload);
  }

  dropCopy(): Promise<void> {
    return Promise.resolve();
  }

  /** Bytes of its disk, which a simulated guest leaves empty. */
  #diskOf(guestId: string): number {
    const kept = this.#kept.get(guestId);
    if (kept !== undefined && kept.diskBytes !== null) return kept.diskBytes ?? usualDiskBytes;
    throw new ComputeError('invalid', `guest ${guestId}: it has no disk to make an image from`);
  }

  async remove(guestId: string): Promise<void> {
    const { owner = this.#options.owner } = this.#kept.get(guestId) ?? {};
    if (owner === this.#options.owner) await this.#kept.delete(guestId);
  }

  async consoleOutput(guestId: string, lines: number | null): Promise<string> {
    return tailLines((this.#kept.get(guestId)?.console ?? '').slice(-maxConsoleBytes), lines);
  }

  /** Its files as text, for another simulated host. Throws `notFound` for a guest without any. */
  async describe(guestId: string): Promise<string> {
    const kept = this.#kept.get(guestId);
    if (kept === undefined)
      throw new ComputeError('notFound', `guest ${guestId} has no files here`);
    this.#refuse(guestId, kept.owner);
    const { owner } = this.#options;
    if (kept.owner === undefined) await this.#kept.set(guestId, { ...kept, owner });
    return JSON.stringify({ ...kept, owner });
  }

  /**
   * `text`: with that of its console. Throws `invalid` for a text that no simulated host has made,
   * `unavailable` where the files that the guest has here are not this host's alone.
   */
  async receive({ id }: Guest, files: string, { text }: { text: boolean }): Promise<void> {
    const kept = { ...filesIn(files), owner: this.#options.owner };
    const problem = this.arrivalProblem(id, files, { keepsFiles: false });
    if (problem !== undefined) throw new ComputeError('unavailable', problem);
    await this.#kept.set(id, text ? kept : { ...kept, console: '' });
  }

  /** As that of a real host. */
  arrivalProblem(
    guestId: string,
    files: string,
    { keepsFiles }: { keepsFiles: boolean },
  ): string | undefined {
    const { owner: offered } = filesIn(files);
    const found = this.#kept.get(guestId)?.owner;
    const folder = `the folder of guest ${guestId}`;
    if (keepsFiles) {
      if (offered === undefined || found === offered) return undefined;
      return `${folder} is not the folder of the other host`;
    }
    const { owner } = this.#options;
    if (found === undefined || (found === owner && found !== offered)) return undefined;
    if (found !== offered) return `${folder} belongs to ${found}`;
    return `${folder} is the folder that the guest has on the other host`;
  }

  #refuse(guestId: string, found: string | undefined): void {
    if (found === undefined || found === this.#options.owner) return;
    throw new ComputeError('unavailable', `the folder of guest ${guestId} belongs to ${found}`);
  }

  /** Of guests that a version has left which did not record files: they have a disk. */
  async recordEarlier(guests: readonly Pick<Guest, 'id'>[]): Promise<void> {
    for (const { id } of guests) {
      if (this.#kept.get(id) === undefined) {
        await this.#kept.set(id, { diskImageId: null, console: '' });
      }
    }
  }

  missing({ id }: Guest): Promise<string[]> {
    return Promise.resolve(this.#kept.get(id) === undefined ? [`the folder of guest ${id}`] : []);
  }

  async list(): Promise<string[]> {
    return this.#kept.ids();
  }

  /** Returns the bytes of the disk; null: none. */
  async #judgeImages(guest: Guest): Promise<number | null> {
    const { imageId, kernel } = guest;
    if (kernel !== null) {
      accepted(checkKernelImage(await this.#facts(kernel.imageId), 'kernel'));
      if (kernel.ramdiskImageId !== null) {
        accepted(checkKernelImage(await this.#facts(kernel.ramdiskImageId), 'ramdisk'));
      }
    }
    if (!hasDisk(guest)) return null;
    const base =
      imageId === null ? null : accepted(checkDiskImage(await this.#facts(imageId))).base;
    return accepted(diskBytesOf(guest, base)).bytes;
  }

  #facts(id: string): Promise<ImageFacts> {
    const known = this.#images.get(id) ?? readFacts(this.#options.images, id);
    this.#images.set(id, known);
    const [oldest] = this.#images.keys();
    if (this.#images.size > mostImages && oldest !== undefined) this.#images.delete(oldest);
    known.catch(() => this.#images.delete(id));
    return known;
  }
}

/** As `describe` writes them. Throws `invalid` for another text. */
function filesIn(text: string): KeptFiles {
  try {
    const kept = JSON.parse(text) as Partial<KeptFiles>;
    const { diskImageId = null, diskBytes, owner } = kept;
    if (hasConsole(kept)) {
      const disk = diskBytes === undefined ? {} : { diskBytes };
      return {
        diskImageId,
        ...disk,
        ...(owner !== undefined && { owner }),
        console: kept.console ?? '',
      };
    }
  } catch {
    // Refused below.
  }
  throw new ComputeError('invalid', 'the description of the guest’s files cannot be read');
}

async function* onePart(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

function hasConsole({ console: text }: Partial<KeptFiles>): boolean {
  return typeof text === 'string';
}

/** Only the beginning is read: a simulated host does not need the rest. */
async function readFacts(images: ImageSource, id: string): Promise<ImageFacts> {
  const { sizeBytes, diskFormat, bytes } = await openImage(images, id);
  const parts: Uint8Array[] = [];
  let read = 0;
  for await (const part of bytes) {
    parts.push(part);
    read += part.length;
    if (read >= headBytes) break;
  }
  // A copy: a part of a buffer keeps all of it.
  const head = new Uint8Array(Buffer.concat(parts).subarray(0, headBytes));
  return { id, diskFormat, sizeBytes, head };
}

async function openImage(images: ImageSource, id: string): Promise<ImageContent> {
  try {
    return await images.open(id);
  } catch (cause) {
    if (!isComputeError(cause, 'notFound')) throw cause;
    throw new ComputeError('invalid', `image ${id} no longer exists`, { cause });
  }
}

/** What a host has of guests that move: their files, and those that run. */
import type { Guest } from '#core/guests/description/guest.ts';
import type { FailedCheck } from '#core/guests/moves/preflight.ts';

/** `version`: of a file that does not change while its guest runs: another one, another content. */
export interface DescribedFile {
  name: string;
  bytes: number;
  version?: string;
}

export interface DescribedFiles {
  files: DescribedFile[];
  /** null: it has no disk. `base`: the image file below it. */
  disk: { virtualBytes: number; base: DescribedFile | null } | null;
  /** Of the guest's folder there. Absent: the agent is older. */
  owner?: string;
}

/** How files of another host are copied. */
export interface Copying {
  /** The name of the other host. */
  host: string;
  /** Writes a described file to this path. */
  copy: (file: DescribedFile, path: string) => Promise<void>;
  /** So many bytes more will be copied. */
  announce: (bytes: number) => void;
}

/** How files of another host are adopted. */
export interface Adoption extends Copying {
  /** Of one move: another mark is another guest's content. */
  mark: string;
  /** The disk is made empty. */
  isLive: boolean;
}

export interface MovableFiles {
  /** What another host needs for its `adopt`. Throws `notFound` for a guest without files. */
  describe(guestId: string): Promise<DescribedFiles>;
  /**
   * Why there is no room for them here, with all that the guest's disk holds there; undefined:
   * there is.
   */
  lackOfRoom(guest: Guest, described: DescribedFiles, host: string): Promise<string | undefined>;
  /**
   * Why the guest must not come into its folder here; undefined: it may. `keepsFiles`: that must be
   * the folder of the other host. Else it must not be, and must belong to this one: what is there
   * is replaced.
   */
  arrivalProblem(
    guestId: string,
    described: DescribedFiles,
    how: { keepsFiles: boolean },
  ): Promise<string | undefined>;
  /** Where the file of this name is that `describe` has named; undefined: there is none. */
  pathOf(guestId: string, name: string): Promise<string | undefined>;
  /**
   * Those with a version, and the image below the disk, for a later `adopt`, which takes them if
   * they are described alike. There must be room for all files. Throws `unavailable`, and touches
   * nothing, where the folder has a problem.
   */
  prefetch(guest: Guest, described: DescribedFiles, how: Copying): Promise<void>;
  /**
   * The files that another host has described: all of them, or none. Nothing when they were adopted
   * under this mark before. Throws as `prefetch`.
   */
  adopt(guest: Guest, described: DescribedFiles, how: Adoption): Promise<void>;
  /** The text of its console from before it came here, again: it has grown since. */
  adoptConsole(guestId: string, described: DescribedFiles, how: Copying): Promise<void>;
}

/** Bytes of a guest that is being sent. */
export interface SentBytes {
  total: number;
  processed: number;
  remaining: number;
}

/** How much of a running guest has been sent, or of its files fetched, which count as disk. */
export interface MoveProgress {
  memory: SentBytes;
  disk: SentBytes;
}

/** A guest on its way to another host. */
export interface SentGuests {
  /** null: it is not being sent, and its files are not being fetched. */
  progress(guestId: string): Promise<MoveProgress | null>;
  /** It stays here. No error when it is not being sent any more. */
  abort(guestId: string): Promise<void>;
  /** It may stand still for as long as it takes. No error when it is not being sent any more. */
  force(guestId: string): Promise<void>;
}

/** Paths of UNIX sockets: to the other libvirtd, of the guest's memory, of its disks. */
export interface MigrationSockets {
  libvirt: string;
  memory: string;
  disks: string;
}

/** A method by which QEMU compresses memory. */
export type Compression = 'zstd';

export interface LiveMove {
  /** The guest's definition on the new host. */
  definition: string;
  sockets: MigrationSockets;
  /** Methods of both hosts by which memory may be compressed. */
  compressions: readonly Compression[];
  /** Both hosts have its disk. */
  sharesDisk: boolean;
  /** Called when the guest is about to release the VFs that have standbys. */
  onStandby?: () => void;
}

export interface LiveMigrations extends SentGuests {
  /** The XML of a guest that runs; undefined: it does not. */
  runningXml(guestId: string): Promise<string | undefined>;
  /** Which of `machine` and `cpu` this host fails for a guest with this XML. */
  check(running: string): Promise<FailedCheck[]>;
  /** By which this host sends and receives memory; none: only as it is. */
  compressions(): Promise<Compression[]>;
  /** The same. Returns when a guest can be sent: only so many are at a time. */
  ready(): Promise<Compression[]>;
  /**
   * Returns when the guest runs on the other host and is gone here. Throws `conflict` when it does
   * not run, `unavailable` with libvirt's text when it stays here.
   */
  send(guestId: string, to: LiveMove): Promise<void>;
}

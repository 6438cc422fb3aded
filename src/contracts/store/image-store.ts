/** The image records of the embedded image service. The bytes are in files beside the database. */

export type ImageStatus = 'queued' | 'saving' | 'active' | 'deactivated';

export const imageVisibilities = ['public', 'private', 'shared', 'community'] as const;
export type ImageVisibility = (typeof imageVisibilities)[number];

/** Sizes in bytes; hashes in hex; null until the bytes are there. Times are epoch milliseconds. */
export interface StoredImage {
  id: string;
  name: string | null;
  status: ImageStatus;
  visibility: ImageVisibility;
  projectId: string;
  diskFormat: string | null;
  containerFormat: string | null;
  sizeBytes: number | null;
  md5: string | null;
  sha512: string | null;
  minDiskGib: number;
  minMemoryMib: number;
  isProtected: boolean;
  isHidden: boolean;
  tags: string[];
  /** Custom properties. Example: `{ 'hw_vif_model': 'virtio' }`. */
  properties: Record<string, string>;
  createdAt: number;
  updatedAt: number;
  /** The parts of its record that cannot be read, and are empty here. Absent: none. */
  damage?: string;
}

export const memberStatuses = ['pending', 'accepted', 'rejected'] as const;
export type MemberStatus = (typeof memberStatuses)[number];

/**
 * A project that an image is shared with; `status` is that project's answer. Times are epoch
 * milliseconds.
 */
export interface ImageMember {
  imageId: string;
  /** The id of the project. */
  memberId: string;
  status: MemberStatus;
  createdAt: number;
  updatedAt: number;
}

/**
 * What a project may see in a list: its own images, public ones, and those shared with it that have
 * this member status.
 */
export interface ImageScope {
  projectId: string;
  memberStatus: MemberStatus | 'all';
  /** Community images of other projects too? */
  community: boolean;
}

/** The stored images; the same inside and outside a transaction. */
export interface ImageRows {
  /** Throws `conflict` when an image has, or had, this id. */
  add(image: StoredImage): Promise<void>;
  /** undefined when unknown; of a damaged record the readable part. Lists are without these. */
  get(id: string): Promise<StoredImage | undefined>;
  /** Newest first. All of them unless a scope is given. */
  list(visibleTo?: ImageScope): Promise<StoredImage[]>;
  /**
   * Sets fields; with `whileStatus` only while the image has that status. False when no row was
   * changed.
   */
  update(
    id: string,
    change: Partial<Omit<StoredImage, 'id'>>,
    whileStatus?: ImageStatus,
  ): Promise<boolean>;
  remove(id: string): Promise<void>;
  /** How many images the project has, with or without bytes. */
  count(projectId: string): Promise<number>;
  /**
   * Bytes of the project's images, without those of the images named. Example: `bytesOf('p1',
   * ['i9'])` → 65536.
   */
  bytesOf(projectId: string, except: readonly string[]): Promise<number>;
  /** Oldest first. */
  members(imageId: string): Promise<ImageMember[]>;
  member(imageId: string, memberId: string): Promise<ImageMember | undefined>;
  /** Adds the member, or changes its status. */
  putMember(member: ImageMember): Promise<void>;
  /** False when it was not a member. */
  removeMember(imageId: string, memberId: string): Promise<boolean>;
}

export interface ImageStore extends ImageRows {
  /**
   * Runs the work as one transaction over `rows`; an error rolls it back. The work must use `rows`
   * only.
   */
  atomic<T>(work: (rows: ImageRows) => Promise<T>): Promise<T>;
}

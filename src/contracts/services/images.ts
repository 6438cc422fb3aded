/** The image service as the compute side needs it. */
import type { ImageQuery } from '#core/images/image-query.ts';
import type { PropertyChange } from '#core/images/property-patch.ts';
import type { Caller } from './identity.ts';

/** `status`: as Glance names it. Times: epoch milliseconds. */
export interface Image {
  id: string;
  /** null: it has none. */
  name: string | null;
  status: string;
  diskFormat: string;
  minDiskGib: number;
  minMemoryMib: number;
  /** 0: without bytes yet. */
  sizeBytes: number;
  createdAt: number;
  updatedAt: number;
  properties: Record<string, string>;
}

export interface ImagePage {
  images: Image[];
  /** Are there images after the last one? */
  hasMore: boolean;
}

/** Images as a user may see and change them: the image service checks the user's own rights. */
export interface ImageService {
  /** Throws `notFound`. */
  showImage(id: string, caller: Caller): Promise<Image>;
  /** Newest first. Throws `invalid` where no image has the id that the page is to begin after. */
  listImages(query: ImageQuery, caller: Caller): Promise<ImagePage>;
  /**
   * Returns the image with its new properties. Throws `notFound`, `forbidden` for an image or a
   * property that the user may not change, `conflict` for one to remove that is not there, and
   * `tooLarge` for too many.
   */
  changeProperties(id: string, change: PropertyChange, caller: Caller): Promise<Image>;
  /**
   * Throws `notFound`, `forbidden` for one that is protected or not the user's, `conflict` for one
   * in use.
   */
  deleteImageAs(id: string, caller: Caller): Promise<void>;
}

/** An image to be made, without bytes yet. The user's project owns it. */
export interface NewImage {
  /** A UUID, recorded before the image is made, so that one that nobody needs can be deleted. */
  id: string;
  name: string;
  diskFormat: 'qcow2';
  minDiskGib: number;
  properties: Record<string, string>;
  /** Another project that may use it too; null: the owner alone. */
  sharedWith: string | null;
}

/** Images made from servers. All but `createImage` are done with the service's own rights. */
export interface ImageWriter {
  /**
   * It is `queued`. Throws `conflict` when the id is taken, `tooLarge` or `overQuota` over a quota,
   * `forbidden` or `invalid` for what the user may not set.
   */
  createImage(image: NewImage, caller: Caller): Promise<void>;
  /** No error when it is gone. */
  deleteImage(id: string): Promise<void>;
  /**
   * Ids of the backups of this kind of a server, newest first, with those without bytes: those that
   * the owner of the image `likeImageId` owns.
   */
  listBackups(backups: {
    serverId: string;
    backupType: string;
    likeImageId: string;
  }): Promise<string[]>;
}

/** Bytes for an image. `open` begins again after a failure. */
export interface ImageUpload {
  sizeBytes: number;
  open: () => AsyncIterable<Uint8Array>;
}

/**
 * The bytes of an image with their expected hash and size, not yet verified. `sha512` in hex.
 * Example format: `qcow2`.
 */
export interface ImageContent {
  sizeBytes: number;
  sha512: string;
  diskFormat: string;
  /** Throws `unavailable` when the stream breaks off. */
  bytes: AsyncIterable<Uint8Array>;
}

/** The bytes of images, for the controller. */
export interface ImageContents {
  /** Throws `notFound` when there is no such image, `conflict` when its bytes are not there yet. */
  openImage(id: string): Promise<ImageContent>;
  /**
   * Gives a queued image its bytes; no error when it has them already. Throws `notFound` when there
   * is no such image, `tooLarge` over a quota, `invalid` when the service finds another format in
   * the bytes than the image declares, `unavailable` when the bytes break off.
   */
  saveImage(id: string, upload: ImageUpload): Promise<void>;
}

/** The bytes of images, for a host: those that its guests are created from. */
export interface ImageSource {
  /**
   * Throws `notFound` when there is no such image, `conflict` when its bytes are not there yet,
   * `forbidden` when no guest of this host needs it, `unavailable` when no service answers.
   */
  open(id: string): Promise<ImageContent>;
  /** As `saveImage`. Throws `forbidden` when no command to this host makes the image. */
  upload(id: string, upload: ImageUpload): Promise<void>;
}

/** The image service as the compute side needs it. */
import type { Caller } from './identity.ts';

export interface Image {
  id: string;
  name: string;
  status: string;
  diskFormat: string;
  minDiskGib: number;
  minMemoryMib: number;
  sizeBytes: number;
  properties: Record<string, string>;
}

export interface ImageService {
  /** Throws `notFound`. */
  showImage(id: string, caller: Caller): Promise<Image>;
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
}

/** The bytes of images, for a host: those that its guests are created from. */
export interface ImageSource {
  /**
   * Throws `notFound` when there is no such image, `conflict` when its bytes are not there yet,
   * `forbidden` when no guest of this host needs it, `unavailable` when no service answers.
   */
  open(id: string): Promise<ImageContent>;
}

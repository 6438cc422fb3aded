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

/** The bytes of images, for hosts that need them. */
export interface ImageSource {
  /** Throws `notFound` when there is no such image, `conflict` when its bytes are not there yet. `sha512` in hex. */
  open(id: string): Promise<OpenImage>;
}

export interface OpenImage {
  sizeBytes: number;
  sha512: string;
  /** Example: `qcow2`. */
  diskFormat: string;
  bytes: AsyncIterable<Uint8Array>;
}

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

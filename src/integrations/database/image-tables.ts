/** The tables of the image store. */
import type { ImageMember, StoredImage } from '#contracts/image-store.ts';
import type { RowOf } from './row-shape.ts';

export interface ImageTables {
  images: RowOf<StoredImage, 'isProtected' | 'isHidden', 'tags' | 'properties'>;
  imageMembers: ImageMember;
}

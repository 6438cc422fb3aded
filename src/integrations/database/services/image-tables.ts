/** The tables of the image store. */
import type { ImageMember, StoredImage } from '#contracts/store/image-store.ts';
import type { RowOf } from '../rows/row-shape.ts';

export interface ImageTables {
  images: RowOf<StoredImage, 'isProtected' | 'isHidden', 'tags' | 'properties'>;
  imageMembers: ImageMember;
  deletedImages: { id: string };
}

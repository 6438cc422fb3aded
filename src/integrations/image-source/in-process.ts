/** Images for a host in the controller's own process. */
import type { ImageContents, ImageSource } from '#contracts/services/images.ts';

export function inProcessImageSource(contents: ImageContents): ImageSource {
  return {
    open: (id) => contents.openImage(id),
    upload: (id, upload) => contents.saveImage(id, upload),
  };
}

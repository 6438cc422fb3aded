/** Images as a user of Glance may see and change them: with the user's token. */
import type { Caller } from '#contracts/services/identity.ts';
import type { ImageService } from '#contracts/services/images.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { type ImageQuery, imageQueryParameters } from '#core/images/image-query.ts';
import { propertyPatch } from '#core/images/property-patch.ts';
import { callGlance, imagePath } from './glance-call.ts';
import { type GlanceImage, toImage } from './glance-image.ts';
import type { Session } from './http/session.ts';

export function glanceUserImages(session: Session): ImageService {
  const ofImage = (imageId: string, acting: Caller) => ({
    path: imagePath(imageId),
    acting,
    imageId,
  });
  return {
    async showImage(id, caller) {
      const body = await callGlance(session, { method: 'GET', ...ofImage(id, caller) });
      return toImage(body as GlanceImage);
    },
    listImages: (query, caller) => listImages(session, query, caller),
    async changeProperties(id, change, caller) {
      const body = await callGlance(session, {
        method: 'PATCH',
        ...ofImage(id, caller),
        body: propertyPatch(change),
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
      });
      return toImage(body as GlanceImage);
    },
    async deleteImageAs(id, caller) {
      await callGlance(session, { method: 'DELETE', ...ofImage(id, caller) });
    },
  };
}

async function listImages(session: Session, query: ImageQuery, acting: Caller) {
  const parameters = new URLSearchParams(imageQueryParameters(query));
  const path = `/v2/images?${parameters.toString()}`;
  try {
    const body = await callGlance(session, { method: 'GET', path, acting });
    const { images, next } = body as { images: GlanceImage[]; next?: string };
    return { images: images.map(toImage), hasMore: next !== undefined };
  } catch (cause) {
    throw isAboutMarker(cause, query) ? unknownMarker(query, cause) : cause;
  }
}

/** Glance answers 400 for an unknown one, and 403 for one that the user may not see. */
function isAboutMarker(cause: unknown, { after }: ImageQuery): boolean {
  const isRefused = isComputeError(cause, 'invalid') || isComputeError(cause, 'forbidden');
  return isRefused && after !== undefined && cause.message.includes(after);
}

function unknownMarker({ after }: ImageQuery, cause: unknown): ComputeError {
  return new ComputeError('invalid', `query.marker: No image found with ID ${after}`, { cause });
}

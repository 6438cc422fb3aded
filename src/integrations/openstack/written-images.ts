/** Images that the compute side makes from servers, in Glance. */
import type { ImageUpload, ImageWriter, NewImage } from '#contracts/services/images.ts';
import type { Caller } from '#contracts/services/identity.ts';
import type { Acting } from '#contracts/services/network.ts';
import { ComputeError } from '#core/errors.ts';
import { refusalOf } from './http/refusals.ts';
import type { Session, SessionCall } from './http/session.ts';

/** Created with the user's token; all else with the service's own rights. */
export function glanceWriter(
  session: Session,
): ImageWriter & { saveImage(id: string, upload: ImageUpload): Promise<void> } {
  return {
    createImage: (image, caller) => createImage(session, image, caller),
    async deleteImage(id) {
      await called(session, { method: 'DELETE', path: imagePath(id), acting: 'service' }, [404]);
    },
    async listBackups({ serverId, backupType, likeImageId }) {
      const query = new URLSearchParams({
        image_type: 'backup',
        backup_type: backupType,
        instance_uuid: serverId,
        sort: 'created_at:desc',
        limit: '1000',
      });
      const path = `/v2/images?${query.toString()}`;
      const body = await called(session, { method: 'GET', path, acting: 'service' });
      const images = (body as { images?: GlanceBackup[] })?.images ?? [];
      const newest = images.find(({ id }) => id === likeImageId);
      // Any user may set these properties.
      return images.filter(({ owner }) => owner === newest?.owner).map(({ id }) => id);
    },
    async saveImage(id, upload) {
      // Also renews our token, if necessary: bytes are sent once.
      const path = imagePath(id);
      const image = await called(session, { method: 'GET', path, acting: 'service' });
      if ((image as { status?: string })?.status === 'active') return;
      const file = { method: 'PUT', path: `${path}/file`, acting: 'service', upload } as const;
      await called(session, file);
    },
  };
}

interface GlanceBackup {
  id: string;
  owner: string;
}

function imagePath(id: string): string {
  return `/v2/images/${encodeURIComponent(id)}`;
}

async function createImage(
  session: Session,
  { name, diskFormat, minDiskGib, properties, sharedWith }: NewImage,
  caller: Caller,
): Promise<string> {
  const body = {
    ...properties,
    name,
    visibility: sharedWith === null ? 'private' : 'shared',
    disk_format: diskFormat,
    container_format: 'bare',
    min_disk: minDiskGib,
  };
  const made = await called(session, { method: 'POST', path: '/v2/images', body, acting: caller });
  const { id } = made as { id: string };
  if (sharedWith !== null) {
    const path = `${imagePath(id)}/members`;
    await called(session, { method: 'POST', path, body: { member: sharedWith }, acting: caller });
  }
  return id;
}

/** The body of the answer. Throws what the service refuses, but for statuses that are `fine`. */
async function called(
  session: Session,
  call: SessionCall & { acting: Acting },
  fine: readonly number[] = [],
): Promise<unknown> {
  const answer = await session.call(call);
  if (answer.status < 300 || fine.includes(answer.status)) return answer.body;
  if (answer.status === 413) {
    throw new ComputeError('tooLarge', 'The image service has no room for it: a quota is reached.');
  }
  if (answer.status === 415) {
    throw new ComputeError(
      'invalid',
      'The image service refuses the bytes: their format is not the one that the image declares.',
    );
  }
  if (answer.status === 404) throw new ComputeError('notFound', `No image found: ${call.path}`);
  throw refusalOf(answer, {
    name: await session.name(),
    owner: await session.owner(),
    acting: call.acting,
    act: `${call.method} ${call.path}`,
  });
}

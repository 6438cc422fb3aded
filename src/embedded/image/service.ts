/** The embedded image service: a small Glance v2 over the image store and one folder. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Clock, NewId } from '#contracts/clock.ts';
import type { IdentityService } from '#contracts/services/identity.ts';
import type { ImageStore, StoredImage } from '#contracts/store/image-store.ts';
import type {
  Image,
  ImageContents,
  ImageService,
  ImageWriter,
} from '#contracts/services/images.ts';
import { damagedRecord } from '#core/damaged-record.ts';
import { ComputeError } from '#core/errors.ts';
import { parseJsonBody } from '#http/json-body.ts';
import { createHttpService } from '#http/service.ts';
import { titledError } from '../titled-error.ts';
import { refuseUnknown } from '../not-offered.ts';
import { mountRoutes } from '../route-table.ts';
import { projectGuard } from '../token-guard.ts';
import { healUploads, openContent, uploadContent } from './files/image-content.ts';
import { createImageFiles, type DiskSpace } from './files/image-files.ts';
import type { LimitsOf } from './image-quotas.ts';
import { addImage, type ImageContext } from './images.ts';
import { patchTypes } from './media-types.ts';
import { glanceNotOffered, imageRoutes, openImageRoutes } from './routes.ts';
import { uploadGates } from './files/upload-gate.ts';
import { toFields } from './image-body.ts';
import { toImage, userImages } from './user-images.ts';
import { imageWriter } from './written-images.ts';

export interface ImageOptions {
  store: ImageStore;
  identity: IdentityService;
  /** Where the bytes lie; made when missing. */
  folder: string;
  /** How much each project may have. */
  limitsOf: LimitsOf;
  /**
   * This much of the disk is for the database: an upload that would leave less is refused.
   * undefined: a sixteenth, at most 256 MiB.
   */
  keepFreeBytes: number | undefined;
  /** Of that disk. Absent: as the system reports. */
  space?: () => Promise<DiskSpace>;
  clock: Clock;
  newId: NewId;
  log: Logger;
  /** Where clients reach it. Absent: as each request came. */
  publicUrl?: string;
  /** Certificate and key, PEM. Absent: clear text. */
  tls?: { cert: Buffer; key: Buffer };
  /** Resolves when what a reply shows may leave the process. */
  beforeReply?: () => Promise<void>;
}

/**
 * A public image that a cloud starts with; no quota counts for one of no project. Defaults: raw,
 * bare, of no project.
 */
export interface StartingImage {
  name: string;
  content: Uint8Array;
  diskFormat?: string;
  projectId?: string;
}

/** Builds the app, and the same service for callers in this process; it does not listen. */
export function createImageService(options: ImageOptions): {
  app: FastifyInstance;
  service: ImageService & ImageContents & ImageWriter;
  /** The public, active image of this name; made when there is none. */
  ensureImage(image: StartingImage): Promise<Image>;
} {
  const { store, clock, newId, log, limitsOf, keepFreeBytes } = options;
  const files = createImageFiles(options.folder);
  const space = options.space ?? files.space;
  const openGate = uploadGates({ store, limitsOf, space, keepFreeBytes });
  const context: ImageContext = {
    store,
    clock,
    newId,
    log,
    files,
    limitsOf,
    openGate,
    uploading: new Set(),
  };
  let healing: Promise<void> | undefined;
  const heal = () => (healing ??= healUploads(context));
  return {
    app: createApp(options, context, heal),
    service: {
      ...userImages(context),
      openImage: async (id) => openContent(context, await findAnyImage(context, id)),
      ...imageWriter(context),
    },
    async ensureImage(wanted) {
      await heal();
      return toImage(await ensureImage(context, wanted));
    },
  };
}

function createApp(
  options: ImageOptions,
  context: ImageContext,
  heal: () => Promise<void>,
): FastifyInstance {
  const unknown = (request: FastifyRequest) =>
    refuseUnknown(request, { name: 'image', full: 'Glance', notOffered: glanceNotOffered });
  const app = createHttpService({
    log: options.log,
    toErrorReply: titledError,
    unknownRoute: unknown,
    ...(options.tls !== undefined && { tls: options.tls }),
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
    ...(options.beforeReply !== undefined && { beforeReply: options.beforeReply }),
  });
  // The bytes of an image; whatever else a route does not take it refuses itself, naming what it
  // takes.
  app.addContentTypeParser('*', (_request, bytes, done) => {
    done(null, bytes);
  });
  app.addContentTypeParser([...patchTypes], { parseAs: 'string' }, parseJsonBody);
  app.addHook('onReady', heal);
  mountRoutes(app, {
    open: openImageRoutes,
    guarded: imageRoutes(context),
    guard: projectGuard(options.identity),
    unknown,
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
    actorOf: (caller) => caller,
  });
  return app;
}

async function findAnyImage({ store }: ImageContext, id: string): Promise<StoredImage> {
  const image = await store.get(id);
  if (image?.damage !== undefined) throw damagedRecord(`Image ${id}`);
  if (image !== undefined) return image;
  throw new ComputeError('notFound', `No image found with ID ${id}`);
}

async function ensureImage(context: ImageContext, wanted: StartingImage): Promise<StoredImage> {
  const { name, content, diskFormat = 'raw', projectId = '' } = wanted;
  const known = (await context.store.list()).find(
    (image) =>
      image.name === name && image.visibility === 'public' && image.projectId === projectId,
  );
  // One that an admin deactivated stays so.
  if (known !== undefined && known.status !== 'queued') return known;
  const fields = toFields({
    name,
    visibility: 'public',
    disk_format: diskFormat,
    container_format: 'bare',
  });
  const image = known ?? (await addImage(context, projectId, fields));
  await uploadContent(context, image, { bytes: onePart(content) });
  return findAnyImage(context, image.id);
}

async function* onePart(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}

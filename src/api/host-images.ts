/**
 * Image bytes for hosts: each may read the images of the servers on it, and those of its pending
 * rescues. A host presents its own
 * token, not a user's.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sha256OfToken } from '#runtime/token-hash.ts';
import type { ImageUpload } from '#contracts/services/images.ts';
import { ComputeError } from '#core/errors.ts';
import { neededImages, commandImages } from '#core/guests/needed-images.ts';
import { bearerToken } from '#runtime/bearer-token.ts';
import type { ApiContext } from './requests/context.ts';

/**
 * Adds the route. Answers: 200 with the bytes, their size, SHA-512 and disk format; else a fault.
 */
export function mountHostImages(app: FastifyInstance, context: ApiContext): void {
  app.get('/novella/v1/images/:id/content', async (request, reply) => {
    const { id } = request.params as { id: string };
    const host = await hostOf(context, request);
    await refuseNotNeeded(context, host, id);
    const { sizeBytes, sha512, diskFormat, bytes } = await context.imageContents.openImage(id);
    return reply
      .headers({
        'content-type': 'application/octet-stream',
        'content-length': sizeBytes,
        'x-novella-image-sha512': sha512,
        'x-novella-image-disk-format': diskFormat,
      })
      .send(Readable.from(bytes, { objectMode: false }));
  });
}

/** Adds the route by which a host uploads an image that a command to it makes: 204. */
export function mountHostUploads(app: FastifyInstance, context: ApiContext): void {
  void app.register((scope, _options, done) => {
    scope.addContentTypeParser('application/octet-stream', (_request, bytes, isParsed) => {
      isParsed(null, bytes);
    });
    scope.put('/novella/v1/images/:id/content', async (request, reply) => {
      const { id } = request.params as { id: string };
      await refuseNotMade(context, await hostOf(context, request), id);
      await context.imageContents.saveImage(id, uploadIn(request));
      return reply.code(204).send();
    });
    done();
  });
}

function uploadIn({ headers, body }: FastifyRequest): ImageUpload {
  const sizeBytes = Number(headers['x-novella-image-size']);
  if (Number.isSafeInteger(sizeBytes) && body instanceof Readable) {
    return { sizeBytes, open: () => body };
  }
  throw new ComputeError(
    'invalid',
    'An upload needs bytes, and their number in the header x-novella-image-size.',
  );
}

/** The name of the host whose token this is. */
async function hostOf(context: ApiContext, { headers }: FastifyRequest): Promise<string> {
  const token = bearerToken(headers.authorization);
  const enrolment = await context.store.enrolments.ofToken(sha256OfToken(token));
  if (enrolment !== undefined && enrolment.revokedAt === null) return enrolment.host;
  throw new ComputeError(
    'unauthenticated',
    'This needs the token of an enrolled host as "Authorization: Bearer TOKEN".',
  );
}

async function refuseNotNeeded(context: ApiContext, name: string, imageId: string): Promise<void> {
  const { hosts, servers, commands } = context.store;
  const host = await hosts.named(name);
  const onHost = host === undefined ? [] : await servers.list({ hostId: host.id });
  if (onHost.some((server) => neededImages(server).includes(imageId))) return;
  const pending = host === undefined ? [] : await commands.pending(host.id);
  if (pending.some(({ body }) => commandImages(body).includes(imageId))) return;
  throw new ComputeError('forbidden', `No server on host ${name} is made from image ${imageId}.`);
}

async function refuseNotMade(context: ApiContext, name: string, imageId: string): Promise<void> {
  const host = await context.store.hosts.named(name);
  const pending = host === undefined ? [] : await context.store.commands.pending(host.id);
  const makesIt = pending.some(({ body }) => body.do === 'snapshot' && body.imageId === imageId);
  if (makesIt) return;
  throw new ComputeError('forbidden', `No command to host ${name} makes image ${imageId}.`);
}

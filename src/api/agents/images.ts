/**
 * Image bytes for hosts: each may read the images of the servers on it, and those of its pending
 * rescues. A host presents its certificate, or its own token, not a user's.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ImageUpload } from '#contracts/services/images.ts';
import { ComputeError } from '#core/errors.ts';
import { neededImages, commandImages } from '#core/guests/needed-images.ts';
import type { AgentsContext } from './agents-context.ts';

/**
 * Adds the route. Answers: 200 with the bytes, their size, SHA-512 and disk format; else a fault.
 */
export function mountHostImages(app: FastifyInstance, context: AgentsContext): void {
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
export function mountHostUploads(app: FastifyInstance, context: AgentsContext): void {
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

/** The name of the host that has sent it. */
async function hostOf(context: AgentsContext, { raw }: FastifyRequest): Promise<string> {
  const admission = await context.workflows.admitHost(context.credentialOf(raw));
  if ('host' in admission) return admission.host;
  throw new ComputeError('unauthenticated', admission.message);
}

async function refuseNotNeeded(
  context: AgentsContext,
  name: string,
  imageId: string,
): Promise<void> {
  const { hosts, servers, commands } = context.store;
  const host = await hosts.named(name);
  const onHost = host === undefined ? [] : await servers.list({ hostId: host.id });
  if (onHost.some((server) => neededImages(server).includes(imageId))) return;
  if (host !== undefined && context.workflows.mayCache(host.id, imageId)) return;
  const pending = host === undefined ? [] : await commands.pending(host.id);
  if (pending.some(({ body }) => commandImages(body).includes(imageId))) return;
  throw new ComputeError('forbidden', `No server on host ${name} is made from image ${imageId}.`);
}

async function refuseNotMade(context: AgentsContext, name: string, imageId: string): Promise<void> {
  const host = await context.store.hosts.named(name);
  const pending = host === undefined ? [] : await context.store.commands.pending(host.id);
  const makesIt = pending.some(({ body }) => body.do === 'snapshot' && body.imageId === imageId);
  if (makesIt) return;
  throw new ComputeError('forbidden', `No command to host ${name} makes image ${imageId}.`);
}

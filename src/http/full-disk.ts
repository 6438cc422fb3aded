/** While the disk is full, a service accepts only reads and what frees space. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';

export interface DiskRoom {
  /** Is there too little space for anything new? */
  isShort(): boolean;
  /** Releases the reserve for deletes and sign-ins to the request. */
  release(): void;
}

/**
 * Answers 503 to what would need space while there is none. Deletes and sign-ins get the reserve.
 */
export function refuseWithoutRoom(app: FastifyInstance, room: DiskRoom): void {
  app.addHook('preValidation', (request, _reply, done) => {
    if (reads.has(request.method) || !isShort(room)) return done();
    if (!mayFreeSpace(request)) {
      throw new ComputeError(
        'unavailable',
        'The disk of this service is full: only reads, deletes and sign-ins are accepted until there is room.',
      );
    }
    room.release();
    done();
  });
}

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A sign-in is a row too, and is required for deletes. */
function mayFreeSpace({ method, url }: FastifyRequest): boolean {
  const [path = ''] = url.split('?');
  return method === 'DELETE' || (method === 'POST' && /\/auth\/tokens\/?$/.test(path));
}

/** A disk whose state cannot be read is not treated as full. */
function isShort(room: DiskRoom): boolean {
  try {
    return room.isShort();
  } catch {
    return false;
  }
}

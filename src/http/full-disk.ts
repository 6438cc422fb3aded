/** While the disk is full, a service takes only what reads and what makes room. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';

export interface DiskRoom {
  /** Is there too little for anything new? */
  isShort(): boolean;
  /** Gives what was kept for this to the request. */
  release(): void;
}

/**
 * Answers 503 to what would need room while there is none. Deletes and sign-ins get what is kept
 * for them.
 */
export function refuseWithoutRoom(app: FastifyInstance, room: DiskRoom): void {
  app.addHook('preValidation', async (request) => {
    if (reads.has(request.method) || !isShort(room)) return;
    if (!mayMakeRoom(request)) {
      throw new ComputeError(
        'unavailable',
        'The disk of this service is full: only reads, deletes and sign-ins are accepted until there is room.',
      );
    }
    room.release();
  });
}

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A sign-in is a row too, and without one nobody can delete. */
function mayMakeRoom({ method, url }: FastifyRequest): boolean {
  const [path = ''] = url.split('?');
  return method === 'DELETE' || (method === 'POST' && /\/auth\/tokens\/?$/.test(path));
}

/** A disk that cannot be asked is not known to be full. */
function isShort(room: DiskRoom): boolean {
  try {
    return room.isShort();
  } catch {
    return false;
  }
}

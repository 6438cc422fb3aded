/** Calls to Glance, and what it refuses. */
import type { Acting } from '#contracts/services/network.ts';
import { ComputeError } from '#core/errors.ts';
import { refusalOf } from './http/refusals.ts';
import type { Session, SessionCall } from './http/session.ts';

/** Example: `/v2/images/5f…`. */
export function imagePath(id: string): string {
  return `/v2/images/${encodeURIComponent(id)}`;
}

export interface GlanceCall extends SessionCall {
  acting: Acting;
  /** Of the image that it is about. */
  imageId?: string;
}

/** The body of the answer. Throws what Glance refuses, but for statuses that are `fine`. */
export async function callGlance(
  session: Session,
  { imageId, ...call }: GlanceCall,
  fine: readonly number[] = [],
): Promise<unknown> {
  const answer = await session.call(call);
  if (answer.status < 300 || fine.includes(answer.status)) return answer.body;
  if (answer.status === 404 && imageId !== undefined) {
    throw new ComputeError('notFound', `No image found with ID ${imageId}`);
  }
  if (answer.status === 413) {
    throw new ComputeError('tooLarge', 'The image service has no room for it: a quota is reached.');
  }
  if (answer.status === 415) {
    throw new ComputeError(
      'invalid',
      'The image service refuses the bytes: their format is not the one that the image declares.',
    );
  }
  throw await glanceRefusal(session, answer, call);
}

/** The error of an answer. */
export async function glanceRefusal(
  session: Session,
  answer: Parameters<typeof refusalOf>[0],
  { method, path, acting }: GlanceCall,
): Promise<ComputeError> {
  return refusalOf(answer, {
    name: await session.name(),
    owner: await session.owner(),
    acting,
    act: `${method} ${path}`,
  });
}

/** Reads the token of a request and has it validated. */
import type { FastifyRequest } from 'fastify';
import type { Caller, IdentityService } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import { noteUser } from '#http/request-log.ts';

/** The text of `X-Auth-Token`. Throws `unauthenticated` when there is none. */
export function tokenOf(request: FastifyRequest): string {
  const token = request.headers['x-auth-token'];
  if (typeof token === 'string' && token !== '') return token;
  throw new ComputeError('unauthenticated', 'The request has no X-Auth-Token header.');
}

/**
 * A guard that admits every valid token of a project. Throws `unauthenticated`, or `forbidden` for
 * an unscoped token.
 */
export function projectGuard(
  identity: IdentityService,
): (request: FastifyRequest) => Promise<Caller> {
  return async (request) => {
    const caller = await identity.validate(tokenOf(request));
    noteUser(request, caller);
    if (caller.projectId !== '') return caller;
    throw new ComputeError(
      'forbidden',
      'The token is not scoped to a project; ask for one with auth.scope.project.',
    );
  };
}

/**
 * Hosts are admitted by name: each gets a token that is shown once, joins with it, and has a
 * certificate then.
 */
import { randomBytes } from 'node:crypto';
import { ComputeError } from '#core/errors.ts';
import { joinTokenText } from '#core/host-identity/join-token.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { endTransfersWith } from './end-transfers.ts';

/** A join token, which is never shown again. Times are epoch milliseconds. */
export interface NewEnrolment {
  host: string;
  createdAt: number;
  token: string;
  expiresAt: number;
}

/**
 * Makes a token by which a host of this name may join, once, for `validMs` milliseconds. Throws
 * `conflict` for one whose agent runs in this process, and when it has a valid certificate or
 * token, unless `replaces`: then those are revoked.
 */
export async function enrollHost(
  context: WorkflowContext,
  host: string,
  { replaces, validMs }: { replaces: boolean; validMs: number },
): Promise<NewEnrolment> {
  const { store, clock, links, authority } = context;
  if (links.isLocal(host)) {
    throw new ComputeError(
      'conflict',
      `Host ${host} runs in the controller's own process and needs no token; give the other host another name.`,
    );
  }
  const secret = randomBytes(32).toString('base64url');
  const token = joinTokenText({ secret, authority: await authority.fingerprint() });
  const createdAt = clock.now();
  const expiresAt = createdAt + validMs;
  const tokenSha256 = sha256OfToken(token);
  await store.enrolments.enroll({ host, tokenSha256, createdAt, expiresAt }, { replaces });
  if (replaces) await endLinksOf(context, host);
  else context.wakeup.notify('enrolments');
  return { host, createdAt, token, expiresAt };
}

/**
 * Revokes the host's tokens and certificates: it counts as silent at once, and other hosts end
 * their connections with it. Its guests keep running. Throws `notFound`.
 */
export async function revokeHost(context: WorkflowContext, host: string): Promise<void> {
  await context.store.enrolments.revoke(host, context.clock.now());
  await endLinksOf(context, host);
}

/** Of a host whose certificates were revoked: with controllers, and with other hosts. */
async function endLinksOf(context: WorkflowContext, host: string): Promise<void> {
  const { store, wakeup } = context;
  const row = await store.hosts.named(host);
  if (row !== undefined) await store.hosts.seen(row.id, 0);
  wakeup.notify('enrolments');
  if (row !== undefined) await endTransfersWith(context, row);
}

/** Hosts are admitted by name, each with its own token that is shown once and can be revoked. */
import { randomBytes } from 'node:crypto';
import type { Enrolment } from '#contracts/store/enrolments.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import { ComputeError } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';

/** An enrolment with its token, which is never shown again. */
export type NewEnrolment = Omit<Enrolment, 'tokenSha256'> & { token: string };

/** 256 bits, with a prefix that identifies a leaked token. */
function newToken(): string {
  return `novella-host-${randomBytes(32).toString('base64url')}`;
}

/**
 * Admits a host of this name. Throws `conflict` for one whose agent runs in this process, and when
 * one is enrolled, unless `replaces`: then the former token is revoked.
 */
export async function enrollHost(
  { store, clock, wakeup, links }: WorkflowContext,
  host: string,
  how: { replaces: boolean },
): Promise<NewEnrolment> {
  if (links.isLocal(host)) {
    throw new ComputeError(
      'conflict',
      `Host ${host} runs in the controller's own process and needs no token; give the other host another name.`,
    );
  }
  const token = newToken();
  const createdAt = clock.now();
  await store.enrolments.enroll({ host, tokenSha256: sha256OfToken(token), createdAt }, how);
  wakeup.notify('enrolments');
  return { host, createdAt, revokedAt: null, token };
}

/**
 * Revokes the host's token: it counts as silent at once. Its guests keep running. Throws
 * `notFound`.
 */
export async function revokeHost(
  { store, clock, wakeup }: WorkflowContext,
  host: string,
): Promise<void> {
  await store.enrolments.revoke(host, clock.now());
  const row = await store.hosts.named(host);
  if (row !== undefined) await store.hosts.seen(row.id, 0);
  wakeup.notify('enrolments');
}

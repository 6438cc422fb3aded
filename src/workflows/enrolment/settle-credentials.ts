/** What a host needs no more once it has connected. */
import type { HostCredential } from '#contracts/host/identity/host-credential.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { credentialBatches } from './credential-batches.ts';

/**
 * A host that has connected with its certificate needs no token any more, nor a certificate that
 * this one has replaced: it has kept the new one. Errors are logged: the next link tries again.
 */
export async function settleCredentials(
  context: Pick<WorkflowContext, 'store' | 'log' | 'clock' | 'wakeup'>,
  host: string,
  credential: HostCredential,
): Promise<void> {
  const { log } = context;
  if (credential.kind === 'none') return;
  if (credential.kind === 'token') {
    log.warn(
      { host },
      'the host uses a token without an end, which the next version refuses: update its agent',
    );
    return;
  }
  try {
    await revokeOthers(context, host, credential.serial);
  } catch (error) {
    log.error({ err: error, host }, 'cannot revoke the replaced certificate of a host');
  }
}

async function revokeOthers(
  { store, log, clock, wakeup }: Pick<WorkflowContext, 'store' | 'log' | 'clock' | 'wakeup'>,
  host: string,
  serial: string,
): Promise<void> {
  if (!(await credentialBatches(store).unsettled.run(host))) return;
  const enrolment = await store.enrolments.named(host);
  if (await store.enrolments.revokeOlder({ host, serial }, clock.now())) {
    log.info({ host, serial }, 'the replaced certificate of the host is revoked');
    wakeup.notify('enrolments');
  }
  if ((enrolment?.tokenSha256 ?? null) === null) return;
  await store.enrolments.dropToken(host);
  log.info({ host }, 'the older token of the host is revoked: it has a certificate');
}

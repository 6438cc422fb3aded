/** Which host a connecting peer is: by its certificate, or by a token of version 0.2 or older. */
import type { Admission, HostCredential } from '#contracts/host/identity/host-credential.ts';
import { moment } from '#runtime/messages/moment.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { credentialBatches } from './credential-batches.ts';

/** Never throws for a peer that is refused. A host of this process is refused: it has its agent. */
export async function admitHost(
  context: Pick<WorkflowContext, 'store' | 'clock' | 'links'>,
  credential: HostCredential,
): Promise<Admission> {
  const admission = await ownerOf(context, credential);
  if (!('host' in admission) || !context.links.isLocal(admission.host)) return admission;
  return {
    status: 409,
    message: `Host ${admission.host} is one of the controller's own process.`,
  };
}

async function ownerOf(
  context: Pick<WorkflowContext, 'store' | 'clock'>,
  credential: HostCredential,
): Promise<Admission> {
  switch (credential.kind) {
    case 'none':
      return { status: 401, message: credential.problem };
    case 'token':
      return ownerOfToken(context, credential.sha256);
    case 'certificate':
      return ownerOfCertificate(context, credential);
  }
}

async function ownerOfToken(
  { store }: Pick<WorkflowContext, 'store'>,
  sha256: string,
): Promise<Admission> {
  const enrolment = await store.enrolments.ofToken(sha256);
  if (enrolment === undefined) return { status: 401, message: 'The token is not known.' };
  const { host, revokedAt } = enrolment;
  if (revokedAt === null) return { host };
  return { status: 401, message: `The token of host ${host} was revoked.` };
}

async function ownerOfCertificate(
  { store, clock }: Pick<WorkflowContext, 'store' | 'clock'>,
  { serial, host }: Extract<HostCredential, { kind: 'certificate' }>,
): Promise<Admission> {
  const found = await credentialBatches(store).certificates.run(serial);
  const refused = (what: string): Admission => ({
    status: 401,
    message: `The certificate of host ${host} ${what}.`,
  });
  if (found === undefined || found.host !== host) {
    return refused(
      `(serial number ${serial}) is not known: it was replaced, or the host forgotten`,
    );
  }
  if (found.revokedAt !== null) return refused('was revoked');
  const now = clock.now();
  if (found.notAfter > now) return { host };
  return refused(
    `expired at ${moment(found.notAfter)}; the controller's clock is at ${moment(now)}`,
  );
}

/**
 * A certificate for a host: for a join token, for the certificate that it replaces, or for a token
 * of version 0.2 or older. A repeated request with the same key gets the same certificate, since
 * the first answer may be lost.
 */
import type { HostCredential } from '#contracts/host/identity/host-credential.ts';
import type { HostCertificate, IssuedFor } from '#contracts/store/enrolments.ts';
import { ComputeError } from '#core/errors.ts';
import { type KeyProof, keyFingerprint, provenKey } from '#runtime/keys/host-key.ts';
import { moment } from '#runtime/messages/moment.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { admitHost } from './admit-host.ts';

export interface CertificateRequest extends KeyProof {
  /** The name of the host, as its agent has it. */
  host: string;
}

/** `joinTokenSha256`: the hash of the join token that was presented, which is used up by it. */
export type CertificateEntitlement = HostCredential | { kind: 'join'; sha256: string };

/** Certificate and authority, PEM. */
export interface CertificateReply {
  certificate: string;
  authority: string;
}

/**
 * Throws `invalid` for a malformed request, `unauthenticated` for what entitles to no certificate,
 * `forbidden` for another host's, `conflict` for a join token that another key has used.
 */
export async function certifyHost(
  context: WorkflowContext,
  request: CertificateRequest,
  entitlement: CertificateEntitlement,
): Promise<CertificateReply> {
  const { store, authority } = context;
  const publicKey = provenKey(request, request.host);
  const keySha256 = keyFingerprint(publicKey);
  const issuedFor = await entitledTo(context, request.host, { entitlement, keySha256 });
  const certificateOf = async (made: Pick<HostCertificate, 'certificate'>) => ({
    certificate: made.certificate,
    authority: await authority.certificate(),
  });
  const before = await store.enrolments.certificateOfKey(keySha256);
  if (before !== undefined) return certificateOf(usable(before, request.host));
  const { host } = request;
  const issued = await authority.issue(host, publicKey);
  if (await store.enrolments.certify({ ...issued, host, keySha256 }, issuedFor)) {
    context.log.info({ host, serial: issued.serial, for: issuedFor.kind }, 'certificate issued');
    return certificateOf(issued);
  }
  // A concurrent request was first: this one, sent twice, or another.
  const first = await store.enrolments.certificateOfKey(keySha256);
  if (first !== undefined) return certificateOf(usable(first, host));
  throw new ComputeError(
    'conflict',
    `Host ${host} gets no certificate: its enrolment has changed meanwhile.`,
  );
}

function usable(certificate: HostCertificate, host: string): HostCertificate {
  if (certificate.host === host && certificate.revokedAt === null) return certificate;
  throw new ComputeError('unauthenticated', `The certificate of host ${host} was revoked.`);
}

async function entitledTo(
  context: WorkflowContext,
  host: string,
  { entitlement, keySha256 }: { entitlement: CertificateEntitlement; keySha256: string },
): Promise<IssuedFor> {
  if (entitlement.kind === 'join') {
    await checkJoinToken(context, host, { sha256: entitlement.sha256, keySha256 });
    return { kind: 'join', tokenSha256: entitlement.sha256 };
  }
  const admission = await admitHost(context, entitlement);
  if (!('host' in admission)) throw new ComputeError('unauthenticated', admission.message);
  if (admission.host !== host) throw otherHost(admission.host, host);
  if (entitlement.kind === 'certificate') return { kind: 'renewal', serial: entitlement.serial };
  return { kind: 'token' };
}

async function checkJoinToken(
  { store, clock }: WorkflowContext,
  host: string,
  { sha256, keySha256 }: { sha256: string; keySha256: string },
): Promise<void> {
  const refused = (message: string) => new ComputeError('unauthenticated', message);
  const enrolment = await store.enrolments.ofJoinToken(sha256);
  if (enrolment === undefined) {
    throw refused('The join token is not known: a newer one was made, or the host was forgotten.');
  }
  if (enrolment.host !== host) throw otherHost(enrolment.host, host);
  if (enrolment.revokedAt !== null) throw refused(`The join token of host ${host} was revoked.`);
  if (enrolment.joinKeySha256 === keySha256) return;
  if (enrolment.joinKeySha256 !== null) {
    throw refused(
      `The join token of host ${host} was used already, by another key. If the agent of this ` +
        `host has joined with it, nothing is left to do; otherwise make a new token with ` +
        `"novella host enroll ${host} --replace".`,
    );
  }
  const [now, end] = [clock.now(), enrolment.joinExpiresAt ?? 0];
  if (now < end) return;
  throw refused(
    `The join token of host ${host} expired at ${moment(end)}; the controller's clock is at ${moment(now)}.`,
  );
}

function otherHost(owner: string, host: string): ComputeError {
  return new ComputeError(
    'forbidden',
    `This is the token or certificate of host ${owner}, not of ${host}.`,
  );
}

/** The controller's side: what a peer presents by its TLS certificate. */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { HostCredential } from '#contracts/host/identity/host-credential.ts';
import { hostUri, uriIn } from '#core/host-identity/certificate-names.ts';
import { moment } from '#runtime/messages/moment.ts';
import { authorityOf } from './authority-of.ts';

/**
 * The certificate of a request's peer. A server that requires one would end the handshake without a
 * reason; so it only requests one, and the reason is in its answer. Never throws, whatever an
 * untrusted peer presents.
 */
export function peerCredential(request: Pick<IncomingMessage, 'socket'>): HostCredential {
  try {
    return presented(request);
  } catch {
    return { kind: 'none', problem: 'The certificate cannot be read.' };
  }
}

function presented({ socket }: Pick<IncomingMessage, 'socket'>): HostCredential {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) {
    return {
      kind: 'none',
      problem: 'No certificate was presented: a host joins first, with "novella host enroll NAME".',
    };
  }
  const { authorized, authorizationError } = socket as TLSSocket;
  if (!authorized) {
    // Node's types and Node differ: it is a code.
    return { kind: 'none', problem: untrusted(certificate, String(authorizationError)) };
  }
  const uri = uriIn(certificate.subjectAltName) ?? '';
  const host = uri.slice(hostUri('').length);
  if (host === '' || uri !== hostUri(host)) {
    return { kind: 'none', problem: 'The certificate is not of a host.' };
  }
  return { kind: 'certificate', serial: certificate.serialNumber.toLowerCase(), host };
}

function untrusted(certificate: X509Certificate, code: string): string {
  const times = () =>
    `It is valid from ${moment(certificate.validFromDate.getTime())} to ${moment(certificate.validToDate.getTime())}; the controller's clock is at ${moment(Date.now())}.`;
  if (code === 'CERT_HAS_EXPIRED') return `The certificate has expired. ${times()}`;
  if (code === 'CERT_NOT_YET_VALID') return `The certificate is not valid yet. ${times()}`;
  return `The certificate is not one of this cluster's hosts (${code}); its authority is ${authorityOf(certificate) ?? 'not known'}.`;
}

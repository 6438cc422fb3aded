/**
 * How two hosts of a cluster recognize each other: each presents its own certificate, and each
 * checks the other's by the cluster's authority. Both ends check alike, so a certificate needs no
 * role of a server.
 */
import { X509Certificate } from 'node:crypto';
import type { CommonConnectionOptions, SecureContextOptions, TLSSocket } from 'node:tls';
import { ComputeError } from '#core/errors.ts';
import { hostUri, uriIn } from '#core/host-identity/certificate-names.ts';

/** The name in TLS of any host: with one, a listener chooses its certificate per connection. */
export const anyPeer = 'peer.novella';

/** PEM. */
export interface PeerIdentity {
  certificate: string;
  key: string;
  /** Of the cluster. */
  authority: string;
}

/** Of both ends. What the peer presents is checked by `checkPeer` alone. */
export function peerTls({
  certificate,
  key,
}: PeerIdentity): SecureContextOptions & CommonConnectionOptions {
  return {
    cert: certificate,
    key,
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: false,
  };
}

/** Throws `forbidden` unless the peer is this host of the cluster. `now`: epoch milliseconds. */
export function checkPeer(
  socket: Pick<TLSSocket, 'getPeerX509Certificate'>,
  host: string,
  { authority, now }: { authority: string; now: number },
): void {
  const problem = peerProblem(socket.getPeerX509Certificate(), host, { authority, now });
  if (problem !== undefined) throw new ComputeError('forbidden', problem);
}

/** Is the peer one of these hosts of the cluster? `now`: epoch milliseconds. */
export function isOneOf(
  socket: Pick<TLSSocket, 'getPeerX509Certificate'>,
  hosts: readonly string[],
  how: { authority: string; now: number },
): boolean {
  const certificate = socket.getPeerX509Certificate();
  const uri = uriIn(certificate?.subjectAltName);
  const host = hosts.find((each) => hostUri(each) === uri);
  return host !== undefined && peerProblem(certificate, host, how) === undefined;
}

function peerProblem(
  certificate: X509Certificate | undefined,
  host: string,
  { authority, now }: { authority: string; now: number },
): string | undefined {
  if (certificate === undefined) return 'the other host presents no certificate';
  const issuer = new X509Certificate(authority);
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
    return 'the certificate of the other host is not of this cluster';
  }
  const { validFromDate, validToDate, subjectAltName } = certificate;
  if (now < validFromDate.getTime() || now > validToDate.getTime()) {
    const [from, to, here] = [validFromDate, validToDate, new Date(now)].map((date) =>
      date.toISOString(),
    );
    return `the certificate of the other host is valid from ${from} to ${to}; the clock of this host is at ${here}`;
  }
  const uri = uriIn(subjectAltName);
  if (uri === hostUri(host)) return undefined;
  return `the other host is ${uri ?? 'not a host'}, not ${hostUri(host)}`;
}

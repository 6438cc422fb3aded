/** The agent's side: TLS that trusts the controllers of its own cluster, and nobody else. */
import type { ConnectionOptions } from 'node:tls';
import { controllerUri, uriIn } from '#core/host-identity/certificate-names.ts';

export interface OwnCertificate {
  /** PEM. */
  certificate: string;
  /** PKCS #8, PEM. */
  key: string;
}

/**
 * Trusts what this authority (PEM) signed for a controller, at whatever address it is. `own`: what
 * the agent presents; absent: nothing.
 */
export function clusterTls(authority: string, own?: OwnCertificate): ConnectionOptions {
  return {
    ca: [authority],
    minVersion: 'TLSv1.3',
    // With the authority, so that a controller of another cluster can name it.
    ...(own !== undefined && { cert: own.certificate + authority, key: own.key }),
    checkServerIdentity: (_name, { subjectaltname }) =>
      uriIn(subjectaltname) === controllerUri
        ? undefined
        : Object.assign(new Error('the certificate is not of a controller'), {
            code: 'ERR_TLS_CERT_ALTNAME_INVALID',
            reason: `it is for ${subjectaltname ?? 'nobody'}`,
          }),
  };
}

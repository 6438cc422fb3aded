/**
 * Certificates for hosts: by a join token, by the certificate to be replaced, or by an old token.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { hostCertificatePath } from '#contracts/host/host-link.ts';
import { hostNameRule } from '#core/host-name.ts';
import { isJoinToken } from '#core/host-identity/join-token.ts';
import { bearerToken } from '#runtime/bearer-token.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import type { CertificateEntitlement } from '#workflows/enrolment/certify-host.ts';
import { closed, readBody } from '../requests/json-schema.ts';
import type { AgentsContext } from './agents-context.ts';

/** A key of P-256 and a signature have some 200 bytes. */
const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/=]*$', maxLength: 1024 });
const body = closed({
  host: Type.String({ pattern: hostNameRule }),
  public_key: Base64,
  proof: Base64,
});

/** Adds the route. Answers: 200 with certificate and authority, PEM; else a fault. */
export function mountCertificates(app: FastifyInstance, context: AgentsContext): void {
  app.post(hostCertificatePath, { bodyLimit: 16 * 1024 }, async (request) => {
    const { host, public_key: publicKey, proof } = readBody(body, request.body);
    const wanted = { host, publicKey, proof };
    return context.workflows.certifyHost(wanted, entitlementOf(context, request));
  });
}

/** A token counts more than a certificate: a host that joins again may present its older one. */
function entitlementOf(context: AgentsContext, request: FastifyRequest): CertificateEntitlement {
  const token = bearerToken(request.headers.authorization);
  if (token === '') return context.credentialOf(request.raw);
  const sha256 = sha256OfToken(token);
  return { kind: isJoinToken(token) ? 'join' : 'token', sha256 };
}

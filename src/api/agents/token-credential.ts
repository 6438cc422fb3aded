/** The credential of an agent of version 0.2 or older. */
import type { IncomingMessage } from 'node:http';
import type { HostCredential } from '#contracts/host/identity/host-credential.ts';
import { bearerToken } from '#runtime/bearer-token.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';

export function tokenCredential({ headers }: IncomingMessage): HostCredential {
  return { kind: 'token', sha256: sha256OfToken(bearerToken(headers.authorization)) };
}

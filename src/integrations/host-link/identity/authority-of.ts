/** The authority at the end of a chain that a peer presented. */
import type { X509Certificate } from 'node:crypto';
import { keyFingerprint } from '#runtime/keys/host-key.ts';

/** Its certificate; undefined: the chain ends before. */
export function topOf(certificate: X509Certificate): X509Certificate | undefined {
  let top: X509Certificate = certificate;
  for (let depth = 0; depth < 8 && !top.checkIssued(top); depth++) {
    if (top.issuerCertificate === undefined) return undefined;
    top = top.issuerCertificate;
  }
  return top;
}

/** The fingerprint of its key, in hex; undefined: the chain ends before. */
export function authorityOf(certificate: X509Certificate): string | undefined {
  const key = topOf(certificate)?.publicKey.export({ type: 'spki', format: 'der' });
  return key && keyFingerprint(key);
}

/** The authority at the end of a chain that a peer presented. */
import type { X509Certificate } from 'node:crypto';
import { keyFingerprint } from '#runtime/keys/host-key.ts';

const longestChain = 8;

/**
 * Its certificate; undefined: the chain ends before, or is longer than any cluster's. Its key can
 * be read: one of an unknown algorithm issues nothing.
 */
export function topOf(certificate: X509Certificate): X509Certificate | undefined {
  let top: X509Certificate | undefined = certificate;
  for (let length = 1; top !== undefined && length <= longestChain; length++) {
    if (top.checkIssued(top)) return top;
    top = top.issuerCertificate;
  }
  return undefined;
}

/** The fingerprint of its key, in hex; undefined: the chain ends before. */
export function authorityOf(certificate: X509Certificate): string | undefined {
  const key = topOf(certificate)?.publicKey.export({ type: 'spki', format: 'der' });
  return key && keyFingerprint(key);
}

/** The authorities of a cloud that has its own. TLS silently ignores invalid certificates. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ComputeError, errorText } from '#core/errors.ts';

/** PEM text, and the file it is from. */
export interface Authorities {
  text: string;
  file: string;
}

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Throws `invalid` naming a file that cannot be read, that has no certificate in it, or one that
 * cannot be read.
 */
export function readAuthorities(file: string): Authorities {
  const refused = (why: string, cause?: unknown) =>
    new ComputeError('invalid', `${file}: ${why}`, { cause });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw refused(`cannot be read: ${errorText(cause)}`, cause);
  }
  const found = text.match(certificate) ?? [];
  if (found.length === 0) throw refused('no certificate in it; it must be a PEM file');
  for (const [at, pem] of found.entries()) {
    try {
      void new X509Certificate(pem);
    } catch (cause) {
      throw refused(`certificate ${at + 1} of it cannot be read`, cause);
    }
  }
  return { text, file };
}

/** This process trusts them from now on, beside the usual ones. Throws as `readAuthorities`. */
export function trustAuthorities(file: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readAuthorities(file).text]);
}

/** The authorities of a cloud that has its own. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ComputeError } from '#core/errors.ts';

/** The text of this PEM file. Throws `invalid` naming a file that cannot be read, or whose first certificate is none. */
export function readAuthorities(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    // TLS leaves out without a word what is no certificate.
    void new X509Certificate(text);
    return text;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ComputeError('invalid', `${path}: is no PEM file of authorities: ${why}`, { cause });
  }
}

/** This process trusts them from now on, beside the usual ones. Throws as `readAuthorities`. */
export function trustAuthorities(path: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readAuthorities(path)]);
}

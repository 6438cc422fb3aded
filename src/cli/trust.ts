/** A cloud behind authorities of its own: trusted by this process from then on. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ComputeError } from '#core/errors.ts';

/** Trusts the authorities of this PEM file beside the usual ones. Throws `invalid` naming a file that cannot be read, or is no PEM. */
export function trustAuthorities(path: string): void {
  try {
    const text = readFileSync(path, 'utf8');
    // What is no certificate would be left out without a word.
    void new X509Certificate(text);
    setDefaultCACertificates([...getCACertificates('default'), text]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ComputeError('invalid', `${path}: cannot be used as cacert: ${why}`, { cause });
  }
}

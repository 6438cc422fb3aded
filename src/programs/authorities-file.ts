/** A file of certificate authorities to trust, checked before it is used: TLS itself passes over what it cannot read. */
import { X509Certificate } from 'node:crypto';
import { ComputeError } from '#core/errors.ts';
import { readTextFile } from './text-file.ts';

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The PEM text with its file. Throws `invalid` where there is no certificate in it, or one that cannot be read. */
export function readAuthorities(file: string): { text: string; file: string } {
  const text = readTextFile(file);
  const found = text.match(certificate) ?? [];
  if (found.length === 0) {
    throw new ComputeError('invalid', `${file}: no certificate in it; it must be a PEM file`);
  }
  for (const [at, pem] of found.entries()) {
    try {
      void new X509Certificate(pem);
    } catch (cause) {
      throw new ComputeError('invalid', `${file}: certificate ${at + 1} of it cannot be read`, {
        cause,
      });
    }
  }
  return { text, file };
}

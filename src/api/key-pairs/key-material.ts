/** The key of a new pair, imported or generated. */
import { ComputeError } from '#core/errors.ts';
import type { KeyPair, KeyType } from '#core/key-pairs/key-pair.ts';
import { ConcurrencyLimit } from '#runtime/concurrency-limit.ts';
import { generateSshKey } from '#runtime/keys/generate-ssh-key.ts';
import { readSshPublicKey, sshFingerprint } from '#runtime/keys/ssh-public-key.ts';
import { generateX509, x509Fingerprint } from '#runtime/keys/x509.ts';

type PublicHalf = Pick<KeyPair, 'publicKey' | 'fingerprint'>;

/** Throws `invalid` when the text is no key of this type. */
export function importedKey(type: KeyType, publicKey: string): PublicHalf {
  if (type === 'x509') {
    const fingerprint = x509Fingerprint(publicKey);
    if (fingerprint !== undefined) return { publicKey, fingerprint };
    throw invalid('failed to generate X509 fingerprint: public_key is no certificate in PEM');
  }
  const key = readSshPublicKey(publicKey);
  if (key.ok) return { publicKey, fingerprint: sshFingerprint(key.blob) };
  throw invalid(`failed to generate fingerprint: public_key is no SSH public key: ${key.why}`);
}

function invalid(why: string): ComputeError {
  return new ComputeError('invalid', `Keypair data is invalid: ${why}`);
}

/** A key takes a tenth of a second of one processor: other work must not wait for many. */
const atOnce = new ConcurrencyLimit(1);
const mostWaiting = 20;

/**
 * `privateKey`: PEM for SSH; for a certificate, base64 of a PKCS #12 file without password. `now`:
 * epoch milliseconds.
 */
export function generatedKey(
  type: KeyType,
  userId: string,
  now: number,
): Promise<PublicHalf & { privateKey: string }> {
  if (atOnce.waiting >= mostWaiting) {
    const message = 'Too many key pairs are being generated; try again later.';
    return Promise.reject(new ComputeError('tooManyRequests', message));
  }
  return atOnce.run(async () => {
    if (type === 'x509') {
      const { certificate, pkcs12 } = await generateX509(userId, now);
      return { ...importedKey(type, certificate), privateKey: pkcs12 };
    }
    const { publicKey, privateKey } = await generateSshKey('Generated-by-Novella');
    return { ...importedKey(type, publicKey), privateKey };
  });
}

/**
 * The key of a host's certificate, and the proof that a request for a certificate comes from its
 * owner. With Node's own cryptography only: an agent needs no library for it.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { ComputeError } from '#core/errors.ts';

const generate = promisify(generateKeyPair);

/** A new ECDSA key on P-256, as PKCS #8 in PEM. */
export async function generateHostKey(): Promise<string> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

/** A request for a certificate: public key (SPKI, DER) and proof, both in base64. */
export interface KeyProof {
  publicKey: string;
  proof: string;
}

/** The signed text: a signature for another purpose is no proof. */
const provenText = (host: string) => Buffer.from(`novella certificate of host ${host}`);

/** The public part of this private key (PEM), signed by it for this host. */
export function proveKey(privateKey: string, host: string): KeyProof {
  const key = createPrivateKey(privateKey);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const proof = sign('sha256', provenText(host), key);
  return { publicKey: publicKey.toString('base64'), proof: proof.toString('base64') };
}

/**
 * The public key (SPKI, DER), if it is on P-256 and the proof is by its owner for this host. Throws
 * `invalid`.
 */
export function provenKey({ publicKey, proof }: KeyProof, host: string): Buffer {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
  } catch (cause) {
    throw new ComputeError('invalid', 'public_key: must be a public key, as SPKI in base64', {
      cause,
    });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new ComputeError('invalid', 'public_key: must be an ECDSA key on P-256');
  }
  if (!verify('sha256', provenText(host), key, Buffer.from(proof, 'base64'))) {
    throw new ComputeError('invalid', `proof: is not by the owner of public_key for host ${host}`);
  }
  return key.export({ type: 'spki', format: 'der' });
}

/** SHA-256 in hex of a public key (SPKI, DER): the fingerprint of its owner. */
export function keyFingerprint(publicKey: Buffer): string {
  return hash('sha256', publicKey);
}

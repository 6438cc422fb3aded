/** New SSH key pairs. */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { sshNumber, sshString } from './ssh-wire.ts';

const generate = promisify(generateKeyPair);

/**
 * RSA of 2048 bits, as Nova makes them. `publicKey` is a line of `authorized_keys`, `privateKey`
 * PEM (PKCS #1), which every client of SSH reads.
 */
export async function generateSshKey(
  comment: string,
): Promise<{ publicKey: string; privateKey: string }> {
  const pair = await generate('rsa', { modulusLength: 2048 });
  const { e = '', n = '' } = pair.publicKey.export({ format: 'jwk' });
  const parts = [e, n].map((part) => sshNumber(Buffer.from(part, 'base64url')));
  const blob = Buffer.concat([sshString('ssh-rsa'), ...parts]);
  return {
    publicKey: `ssh-rsa ${blob.toString('base64')} ${comment}`,
    privateKey: String(pair.privateKey.export({ type: 'pkcs1', format: 'pem' })),
  };
}

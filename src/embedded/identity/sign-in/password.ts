/** Keeps passwords as scrypt hashes. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { passwordCost as cost } from './password-cost.ts';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
const keyBytes = 32;

/** Example: `scrypt$16384$8$1$<salt>$<hash>`: the costs go along, so that they can grow. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, keyBytes, cost);
  const { N, r, p } = cost;
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/**
 * Of no password. Compared with when there is no such user, so that the answer takes as long as for
 * a wrong password.
 */
export const dummyHash = ['scrypt', cost.N, cost.r, cost.p, 'AAAA', 'A'.repeat(43)].join('$');

/** Is this the password that the hash was made of? '' is the hash of none. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  if (hash === '') return false;
  const [, N, r, p, salt = '', key = ''] = hash.split('$');
  const wanted = Buffer.from(key, 'base64url');
  const options = { N: Number(N), r: Number(r), p: Number(p) };
  const found = await derive(password, Buffer.from(salt, 'base64url'), wanted.length, options);
  return timingSafeEqual(found, wanted);
}

/** A browser's session: its token, sealed so that only controllers of this cluster can read it. */
import { EncryptJWT, jwtDecrypt } from 'jose';
import type { Clock } from '#contracts/clock.ts';
import type { ClusterAuthority } from '#contracts/host/identity/cluster-authority.ts';

/** `usedAt`, `endsAt`: epoch milliseconds. `endsAt`: the token's end. */
export interface SealedSession {
  token: string;
  usedAt: number;
  endsAt: number;
}

/** A session that is not used for so long has ended. */
export const idleMs = 3_600_000;

const algorithm = { alg: 'dir', enc: 'A256GCM' } as const;

/** Seals and opens sessions with a key of the cluster. Source: RFC 7516 (JWE), RFC 7518, 5.3. */
export class SessionSeal {
  readonly #authority: Pick<ClusterAuthority, 'keyFor'>;
  readonly #clock: Clock;
  #key: Promise<Uint8Array> | undefined;

  constructor({ authority, clock }: { authority: Pick<ClusterAuthority, 'keyFor'>; clock: Clock }) {
    this.#authority = authority;
    this.#clock = clock;
  }

  /** The session as text, used now. It can be opened for an hour, and not after the token's end. */
  async seal({ token, endsAt }: Pick<SealedSession, 'token' | 'endsAt'>): Promise<string> {
    const now = this.#clock.now();
    return new EncryptJWT({ token, end: endsAt })
      .setProtectedHeader(algorithm)
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(Math.floor(Math.min(now + idleMs, endsAt) / 1000))
      .encrypt(await this.#clusterKey());
  }

  /** undefined: ended, changed, or sealed by another cluster. */
  async open(text: string): Promise<SealedSession | undefined> {
    const key = await this.#clusterKey();
    try {
      const { payload } = await jwtDecrypt(text, key, {
        keyManagementAlgorithms: [algorithm.alg],
        contentEncryptionAlgorithms: [algorithm.enc],
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['iat', 'exp', 'token', 'end'],
      });
      const { token, end, iat = 0 } = payload;
      return { token: String(token), endsAt: Number(end), usedAt: iat * 1000 };
    } catch {
      return undefined;
    }
  }

  #clusterKey(): Promise<Uint8Array> {
    this.#key ??= this.#authority.keyFor('the sessions of the page').catch((error: unknown) => {
      this.#key = undefined;
      throw error;
    });
    return this.#key;
  }
}

/** What an agent keeps of its identity, in its state directory. Readable by its owner only. */
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ComputeError, errorText } from '#core/errors.ts';
import type { Validity } from '#core/host-identity/validity.ts';
import { removeDurably, writeFileDurably } from '#runtime/atomic-file.ts';

/** Key, certificate and authority are PEM. */
export interface StoredIdentity {
  host: string;
  /** The address in the configuration that it belongs to. */
  controller: string;
  /** Where to connect; differs for a host that had a token of version 0.2 or older. */
  url: string;
  key: string;
  certificate: string;
  authority: string;
  /** The join token that was used for it; null: none. */
  joinTokenSha256: string | null;
}

/**
 * A request whose answer has not come: repeated with the same key, it gets the same certificate.
 */
interface PendingKey {
  /**
   * What the certificate is for: a join token by its hash, or a certificate by its serial number.
   */
  purpose: string;
  key: string;
}

export class IdentityFiles {
  readonly #identity: string;
  readonly #pending: string;

  /** `folder`: the agent's state directory. */
  constructor(folder: string) {
    this.#identity = join(folder, 'identity', 'identity.json');
    this.#pending = join(folder, 'identity', 'pending-key.json');
  }

  get path(): string {
    return this.#identity;
  }

  /** undefined: the host has not joined. Throws `invalid` for a damaged file. */
  read(): StoredIdentity | undefined {
    const identity = readJson(this.#identity) as StoredIdentity | undefined;
    if (identity === undefined) return undefined;
    try {
      void validityOf(identity);
      return identity;
    } catch (cause) {
      throw damaged(this.#identity, cause);
    }
  }

  async write(identity: StoredIdentity): Promise<void> {
    await write(this.#identity, identity);
    await removeDurably(this.#pending);
  }

  /** The key of an unanswered request for this purpose, or a new one that is kept first. */
  async keyFor(purpose: string, make: () => Promise<string>): Promise<string> {
    const kept = readJson(this.#pending) as PendingKey | undefined;
    if (kept?.purpose === purpose) return kept.key;
    const key = await make();
    await write(this.#pending, { purpose, key });
    return key;
  }
}

export function validityOf({ certificate }: Pick<StoredIdentity, 'certificate'>): Validity {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return { notBefore: validFromDate.getTime(), notAfter: validToDate.getTime() };
}

/** undefined: there is no file. */
function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ComputeError('invalid', `${path}: cannot be read: ${errorText(cause)}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(path, cause);
  }
}

async function write(path: string, content: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileDurably(path, `${JSON.stringify(content, null, 2)}\n`);
}

function damaged(path: string, cause: unknown): ComputeError {
  const problem = `${path}: is damaged (${errorText(cause)}); remove it, and join again with a new token`;
  return new ComputeError('invalid', problem, { cause });
}

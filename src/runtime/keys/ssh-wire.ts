/**
 * Texts and numbers as SSH writes them: a length of four bytes, then that many. Source: RFC 4251.
 */

/** Reads a key's parts in order. Throws a `RangeError` where the bytes end early. */
export class SshReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  string(): Buffer {
    const length = this.#bytes.readUInt32BE(this.#at);
    const start = this.#at + 4;
    if (start + length > this.#bytes.length) throw new RangeError('the key ends early');
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  text(): string {
    return this.string().toString('latin1');
  }

  /** A positive number, big-endian without leading zeros. Throws a `RangeError` for another. */
  number(): Buffer {
    const bytes = this.string();
    const first = bytes[0] ?? 0x80;
    const isPadded = first === 0 && (bytes[1] ?? 0) < 0x80;
    if (first >= 0x80 || isPadded) throw new RangeError('a number of the key is malformed');
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}

/** Example: `sshString('ssh-rsa')` → `00 00 00 07 73 73 …`. */
export function sshString(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive number, given big-endian. */
export function sshNumber(bytes: Buffer): Buffer {
  return sshString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

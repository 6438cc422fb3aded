/**
 * SSH public keys, as in `id_ed25519.pub` and `authorized_keys`. Source: RFC 4253, 5656, 8709;
 * OpenSSH PROTOCOL.u2f.
 */
import { createPublicKey, hash, type JsonWebKey } from 'node:crypto';
import { errorText } from '#core/errors.ts';
import { hexPairs } from './hex-pairs.ts';
import { SshReader } from './ssh-wire.ts';

/** The key in a line, or why there is none. */
export type SshKeyVerdict = { ok: true; blob: Buffer } | { ok: false; why: string };

const base64url = (bytes: Buffer) => bytes.toString('base64url');

/** Throws where these are no key, such as a point that is not on its curve. */
function checkKey(key: JsonWebKey): void {
  createPublicKey({ key, format: 'jwk' });
}

const curves: Record<string, { name: string; bytes: number }> = {
  nistp256: { name: 'P-256', bytes: 32 },
  nistp384: { name: 'P-384', bytes: 48 },
  nistp521: { name: 'P-521', bytes: 66 },
};

function readEcdsa(reader: SshReader, curve: string): void {
  const { name, bytes } = curves[curve] ?? { name: '', bytes: 0 };
  const named = reader.text();
  if (named !== curve) throw new RangeError(`the key names the curve ${named}, not ${curve}`);
  const point = reader.string();
  if (point[0] !== 4 || point.length !== 1 + 2 * bytes) {
    throw new RangeError('the point of the key is malformed');
  }
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
  checkKey({ kty: 'EC', crv: name, x: base64url(x), y: base64url(y) });
}

function readEd25519(reader: SshReader): void {
  const bytes = reader.string();
  if (bytes.length !== 32) throw new RangeError(`the key has ${bytes.length} bytes, not 32`);
  checkKey({ kty: 'OKP', crv: 'Ed25519', x: base64url(bytes) });
}

/** What follows the name of each kind of key. */
const kinds: Record<string, (reader: SshReader) => void> = {
  'ssh-rsa': (reader) => {
    const [e, n] = [reader.number(), reader.number()];
    checkKey({ kty: 'RSA', e: base64url(e), n: base64url(n) });
  },
  'ssh-dss': (reader) => {
    for (let part = 0; part < 4; part++) reader.number();
  },
  'ssh-ed25519': readEd25519,
  'ecdsa-sha2-nistp256': (reader) => readEcdsa(reader, 'nistp256'),
  'ecdsa-sha2-nistp384': (reader) => readEcdsa(reader, 'nistp384'),
  'ecdsa-sha2-nistp521': (reader) => readEcdsa(reader, 'nistp521'),
  'sk-ssh-ed25519@openssh.com': (reader) => {
    readEd25519(reader);
    reader.string();
  },
  'sk-ecdsa-sha2-nistp256@openssh.com': (reader) => {
    readEcdsa(reader, 'nistp256');
    reader.string();
  },
};

/**
 * Reads a line: kind, key in base64, and perhaps a comment. Example: `ssh-ed25519 AAAAC3… me` →
 * the decoded bytes.
 */
export function readSshPublicKey(line: string): SshKeyVerdict {
  const [, kind = '', text = ''] = /^(\S+)[ \t]+(\S+)/.exec(line) ?? [];
  const read = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (read === undefined) {
    return { ok: false, why: `it does not begin with one of ${Object.keys(kinds).join(', ')}` };
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) {
    return { ok: false, why: `what follows ${kind} is not base64` };
  }
  const blob = Buffer.from(text, 'base64');
  try {
    const reader = new SshReader(blob);
    const named = reader.text();
    if (named !== kind) return { ok: false, why: `the key is of another kind than ${kind}` };
    read(reader);
    if (reader.isAtEnd) return { ok: true, blob };
    return { ok: false, why: 'bytes follow the key' };
  } catch (error) {
    return { ok: false, why: `the key cannot be read: ${errorText(error)}` };
  }
}

/** MD5 of the decoded key. Example: `1e:2c:9b:…`, sixteen pairs. */
export function sshFingerprint(blob: Buffer): string {
  return hexPairs(hash('md5', blob));
}

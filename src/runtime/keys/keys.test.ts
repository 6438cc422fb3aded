import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { generateSshKey } from './generate-ssh-key.ts';
import { readSshPublicKey, sshFingerprint } from './ssh-public-key.ts';
import { sshNumber, sshString } from './ssh-wire.ts';
import { generateX509, x509Fingerprint } from './x509.ts';

const jwkOf = (type: 'ed25519' | 'ec', namedCurve = 'P-256') => {
  const pair =
    type === 'ec' ? generateKeyPairSync('ec', { namedCurve }) : generateKeyPairSync('ed25519');
  const { x = '', y = '' } = pair.publicKey.export({ format: 'jwk' });
  return { x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') };
};
const line = (kind: string, ...parts: Buffer[]) =>
  `${kind} ${Buffer.concat([sshString(kind), ...parts]).toString('base64')} me@laptop`;
const point = (curve = 'P-256') => {
  const { x, y } = jwkOf('ec', curve);
  return Buffer.concat([Buffer.of(4), x, y]);
};
const ed = jwkOf('ed25519').x;
const n = Buffer.alloc(256, 0xc3);

describe('SSH keys', () => {
  // As printed by `ssh-keygen -l -E md5` for the same line.
  test('the fingerprint is that of ssh-keygen', () => {
    const read = readSshPublicKey(
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPvdVCRFJXRfoDr25N0uW4ihtr03pq8dsXg0/IPbAAMd user@host',
    );
    expect(read.ok && sshFingerprint(read.blob)).toBe(
      '66:c9:de:6f:de:a5:ce:ac:d4:bc:8d:b4:5b:81:ea:a8',
    );
  });

  test.each([
    ['RSA', line('ssh-rsa', sshNumber(Buffer.of(1, 0, 1)), sshNumber(n))],
    ['Ed25519', line('ssh-ed25519', sshString(ed))],
    ['P-256', line('ecdsa-sha2-nistp256', sshString('nistp256'), sshString(point()))],
    ['P-521', line('ecdsa-sha2-nistp521', sshString('nistp521'), sshString(point('P-521')))],
    ['DSA', line('ssh-dss', ...[7, 3, 2, 4].map((part) => sshNumber(Buffer.of(part))))],
    ['a token’s', line('sk-ssh-ed25519@openssh.com', sshString(ed), sshString('ssh:'))],
    ['one without a comment', line('ssh-ed25519', sshString(ed)).replace(' me@laptop', '\n')],
    ['one after a tab', line('ssh-ed25519', sshString(ed)).replace(' ', '\t')],
  ])('%s key is read', (_, text) => {
    expect(readSshPublicKey(text)).toMatchObject({ ok: true });
  });

  test.each([
    ['', 'does not begin with one of ssh-rsa'],
    ['JUNK', 'does not begin'],
    ['toString AAAA', 'does not begin'],
    [' ssh-rsa AAAA', 'does not begin'],
    ['ssh-rsa', 'does not begin'],
    ['ssh-rsa JUNK', 'cannot be read'],
    ['ssh-rsa !!!!', 'not base64'],
    ['ssh-rsa AAA', 'not base64'],
    [line('ssh-ed25519', sshString(ed)).replace('ssh-ed25519', 'ssh-rsa'), 'another kind'],
    [line('ssh-ed25519', sshString(ed.subarray(1))), '31 bytes, not 32'],
    [line('ssh-ed25519', sshString(ed), sshString('x')), 'bytes follow'],
    [line('ssh-rsa', sshNumber(Buffer.of(1, 0, 1))), 'cannot be read'],
    [line('ssh-rsa', sshString(''), sshNumber(n)), 'malformed'],
    [line('ssh-rsa', sshString(Buffer.of(0x80)), sshNumber(n)), 'malformed'],
    [line('ecdsa-sha2-nistp256', sshString('nistp384'), sshString(point())), 'curve nistp384'],
    [
      line('ecdsa-sha2-nistp256', sshString('nistp256'), sshString(point('P-384'))),
      'point of the key',
    ],
    [
      line('ecdsa-sha2-nistp256', sshString('nistp256'), sshString(Buffer.alloc(65, 4))),
      'cannot be read',
    ],
  ])('%j is refused: %s', (text, why) => {
    expect(readSshPublicKey(text)).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });

  test('a generated pair belongs together', async () => {
    const { publicKey, privateKey } = await generateSshKey('Generated-by-Novella');
    expect(publicKey).toMatch(/^ssh-rsa [A-Za-z0-9+/=]+ Generated-by-Novella$/);
    expect(privateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    const read = readSshPublicKey(publicKey);
    const { e = '', n: modulus = '' } = createPublicKey(createPrivateKey(privateKey)).export({
      format: 'jwk',
    });
    const parts = [e, modulus].map((part) => sshNumber(Buffer.from(part, 'base64url')));
    expect(read.ok && read.blob).toEqual(Buffer.concat([sshString('ssh-rsa'), ...parts]));
  });
});

describe('certificates', () => {
  test('one of a user is for client authentication, and its key is in the file', async () => {
    const now = Date.parse('2026-11-23T07:30:00Z');
    const { certificate, pkcs12 } = await generateX509('user-1', now);
    const read = new X509Certificate(certificate);
    expect(read.subject).toBe('CN=user-1');
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(read.subjectAltName).toContain('user-1@localhost');
    expect(read.validFromDate.getTime()).toBe(now);
    expect(x509Fingerprint(certificate)).toBe(read.fingerprint.toLowerCase());
    const pfx = Buffer.from(pkcs12, 'base64');
    expect(() => createSecureContext({ pfx, passphrase: '' })).not.toThrow();
    expect(() => createSecureContext({ pfx, passphrase: 'other' })).toThrow(/mac verify/i);
  });

  test.each(['', 'ssh-rsa AAAA', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    '%j is none',
    (text) => {
      expect(x509Fingerprint(text)).toBeUndefined();
    },
  );
});

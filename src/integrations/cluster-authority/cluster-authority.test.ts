import { X509Certificate } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { Store } from '#contracts/store/store.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { generateHostKey, keyFingerprint, proveKey, provenKey } from '#runtime/keys/host-key.ts';
import { clusterAuthority } from './cluster-authority.ts';

const dayMs = 86_400_000;
const hostLifeMs = 90 * dayMs;
const time = { now: Date.parse('2026-11-30T11:00:00Z') };
const clock = { now: () => time.now };

let close: () => Promise<void> = async () => {};
afterEach(() => close());

async function aStore(): Promise<Store> {
  const { store } = await migratedStore(':memory:', { clock });
  close = () => store.close();
  return store;
}

const aKey = async () => provenKey(proveKey(await generateHostKey(), 'hv1'), 'hv1');

test('two controllers that start with one store have one authority', async () => {
  const store = await aStore();
  const [one, other] = [1, 2].map(() =>
    clusterAuthority({ store: store.authority, clock, hostLifeMs }),
  );
  const certificates = await Promise.all([one?.certificate(), other?.certificate()]);
  expect(certificates[0]).toBe(certificates[1]);
  const { publicKey, ca, subject } = new X509Certificate(certificates[0] ?? '');
  const fingerprint = keyFingerprint(publicKey.export({ type: 'spki', format: 'der' }));
  expect(await one?.fingerprint()).toBe(fingerprint);
  expect([ca, subject]).toEqual([true, `CN=Novella cluster ${fingerprint.slice(0, 8)}`]);
});

test('a certificate names its host, for clients only, and is signed by the authority', async () => {
  const store = await aStore();
  const authority = clusterAuthority({ store: store.authority, clock, hostLifeMs });
  const publicKey = await aKey();
  const { certificate, serial, notBefore, notAfter } = await authority.issue('hv1', publicKey);
  const read = new X509Certificate(certificate);
  const issuer = new X509Certificate(await authority.certificate());
  expect(read).toMatchObject({
    subjectAltName: 'URI:novella:host:hv1',
    subject: 'CN=hv1',
    serialNumber: serial.toUpperCase(),
    ca: false,
    // Client authentication.
    keyUsage: ['1.3.6.1.5.5.7.3.2'],
  });
  expect(read.verify(issuer.publicKey)).toBe(true);
  expect(read.publicKey.export({ type: 'spki', format: 'der' })).toEqual(publicKey);
  expect([notBefore, notAfter]).toEqual([time.now - 3_600_000, time.now + hostLifeMs]);
  expect(read.validToDate.getTime()).toBe(notAfter);
});

test('the name of a host may be longer than a common name', async () => {
  const store = await aStore();
  const authority = clusterAuthority({ store: store.authority, clock, hostLifeMs });
  const host = 'h'.repeat(255);
  const { certificate } = await authority.issue(host, await aKey());
  expect(new X509Certificate(certificate).subjectAltName).toBe(`URI:novella:host:${host}`);
});

test('the certificate of the controllers is kept, and renewed at two thirds of its life', async () => {
  const store = await aStore();
  const authority = clusterAuthority({ store: store.authority, clock, hostLifeMs });
  const first = await authority.controller();
  const again = clusterAuthority({ store: store.authority, clock, hostLifeMs });
  expect(await again.controller()).toEqual(first);
  const read = new X509Certificate(first.cert);
  expect(read).toMatchObject({
    subjectAltName: 'URI:novella:controller',
    // Server authentication.
    keyUsage: ['1.3.6.1.5.5.7.3.1'],
  });
  time.now += 245 * dayMs;
  const second = await again.controller();
  expect(second.key).not.toBe(first.key);
  expect(await authority.controller()).toEqual(second);
});

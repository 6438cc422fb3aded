/** The cluster's authority, kept in the store so that every controller can issue and renew. */
import { createPrivateKey, createPublicKey, hkdf, randomBytes, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '#contracts/clock.ts';
import type { ClusterAuthority } from '#contracts/host/identity/cluster-authority.ts';
import type {
  AuthorityStore,
  StoredAuthority,
} from '#contracts/store/authority/authority-store.ts';
import { controllerUri, hostUri } from '#core/host-identity/certificate-names.ts';
import {
  authorityLifeMs,
  controllerLifeMs,
  renewalAt,
  type Validity,
  validityFrom,
} from '#core/host-identity/validity.ts';
import type { SignCertificate } from './sign-certificate.ts';
import { generateHostKey, keyFingerprint } from '#runtime/keys/host-key.ts';

export interface ClusterAuthorityOptions {
  store: AuthorityStore;
  clock: Clock;
  /** How long certificates of hosts are valid. */
  hostLifeMs: number;
}

const derive = promisify(hkdf);

export function clusterAuthority({
  store,
  clock,
  hostLifeMs,
}: ClusterAuthorityOptions): ClusterAuthority {
  let known: Promise<StoredAuthority> | undefined;
  const authority = (): Promise<StoredAuthority> => {
    known ??= readOrMake(store, clock).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  let signing: Promise<SignCertificate> | undefined;
  const signer = async (): Promise<SignCertificate> => {
    const { certificateSigner } = await import('./sign-certificate.ts');
    signing ??= certificateSigner(await authority());
    return signing;
  };
  return {
    certificate: async () => (await authority()).certificate,
    fingerprint: async () => fingerprintOf((await authority()).certificate),
    async issue(host, publicKey) {
      const validity = validityFrom(clock.now(), hostLifeMs);
      const serial = newSerial();
      const named = { serial, name: host, ...validity };
      const sign = await signer();
      const subject = { uri: hostUri(host), role: 'client', publicKey } as const;
      return {
        serial,
        certificate: await sign(named, subject),
        ...validity,
      };
    },
    async keyFor(purpose) {
      const secret = createPrivateKey((await authority()).privateKey).export({
        type: 'pkcs8',
        format: 'der',
      });
      return new Uint8Array(await derive('sha256', secret, '', purpose, 32));
    },
    async controller() {
      const chain = (await authority()).certificate;
      const kept = await store.controller();
      if (kept !== undefined && clock.now() < renewalAt(validityOf(kept.certificate))) {
        return { cert: kept.certificate + chain, key: kept.privateKey };
      }
      const privateKey = await generateHostKey();
      const certificate = await certificateOfController(privateKey, await signer(), clock.now());
      await store.setController({ certificate, privateKey });
      return { cert: certificate + chain, key: privateKey };
    },
  };
}

async function readOrMake(store: AuthorityStore, clock: Clock): Promise<StoredAuthority> {
  const kept = await store.get();
  if (kept !== undefined) return kept;
  const privateKey = await generateHostKey();
  const createdAt = clock.now();
  const serial = newSerial();
  const name = `Novella cluster ${fingerprintOf(privateKey).slice(0, 8)}`;
  const { signAuthority } = await import('./sign-certificate.ts');
  const validity = validityFrom(createdAt, authorityLifeMs);
  const certificate = await signAuthority({ serial, name, ...validity }, privateKey);
  return store.create({ certificate, privateKey, createdAt });
}

async function certificateOfController(
  privateKey: string,
  sign: SignCertificate,
  now: number,
): Promise<string> {
  const named = { serial: newSerial(), name: 'controller', ...validityFrom(now, controllerLifeMs) };
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return sign(named, { uri: controllerUri, role: 'server', publicKey });
}

/** Positive: the first bit is not set. */
function newSerial(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

/** `pem`: a private key, or a certificate. */
function fingerprintOf(pem: string): string {
  return keyFingerprint(createPublicKey(pem).export({ type: 'spki', format: 'der' }));
}

function validityOf(certificate: string): Validity {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return { notBefore: validFromDate.getTime(), notAfter: validToDate.getTime() };
}

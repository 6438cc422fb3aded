/** Certificates by which a user signs in to guests with Windows. */
import { generateKeyPair, hash, randomBytes, sign, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { asn1 } from 'node-forge';
import { hexPairs } from './hex-pairs.ts';

/** SHA-1 of a certificate in PEM; undefined: it is none. Example: `1e:2c:9b:…`, twenty pairs. */
export function x509Fingerprint(pem: string): string | undefined {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) return undefined;
  try {
    return hexPairs(hash('sha1', new X509Certificate(pem).raw));
  } catch {
    return undefined;
  }
}

const generate = promisify(generateKeyPair);

/** Missing in the library's types. */
function toBeSigned(library: object, certificate: object): asn1.Asn1 {
  const { getTBSCertificate } = library as { getTBSCertificate: (of: object) => asn1.Asn1 };
  return getTBSCertificate(certificate);
}

const userPrincipalName = '1.3.6.1.4.1.311.20.2.3';
const years = 10;

/**
 * A self-signed certificate of this user for client authentication, valid for ten years, and a
 * PKCS #12 file of it and its key, in base64 and with an empty password. `now`: epoch milliseconds.
 * Source: Nova `generate_winrm_x509_cert`.
 */
export async function generateX509(
  userId: string,
  now: number,
): Promise<{ certificate: string; pkcs12: string }> {
  const { default: forge } = await import('node-forge');
  const { asn1: der, pki } = forge;
  const pair = await generate('rsa', { modulusLength: 2048 });
  const key = pki.privateKeyFromPem(
    String(pair.privateKey.export({ type: 'pkcs1', format: 'pem' })),
  );
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.setRsaPublicKey(key.n, key.e);
  // Positive: the first bit is not set.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(now);
  certificate.validity.notAfter = new Date(now + years * 365 * 86_400_000);
  const subject = [{ name: 'commonName', value: userId }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  const { Class, Type } = der;
  const principal = der.create(Class.CONTEXT_SPECIFIC, 0, true, [
    der.create(Class.UNIVERSAL, Type.OID, false, der.oidToDer(userPrincipalName).getBytes()),
    der.create(Class.CONTEXT_SPECIFIC, 0, true, [
      der.create(Class.UNIVERSAL, Type.UTF8, false, `${userId}@localhost`),
    ]),
  ]);
  const names = der.create(Class.UNIVERSAL, Type.SEQUENCE, true, [principal]);
  certificate.setExtensions([
    { name: 'extKeyUsage', clientAuth: true },
    { id: '2.5.29.17', value: der.toDer(names).getBytes() },
  ]);
  // Signed outside the library, which would take a hundred times longer.
  const algorithm = pki.oids['sha256WithRSAEncryption'] ?? '';
  certificate.signatureOid = algorithm;
  certificate.siginfo.algorithmOid = algorithm;
  const bytes = Buffer.from(der.toDer(toBeSigned(pki, certificate)).getBytes(), 'latin1');
  certificate.signature = sign('sha256', bytes, pair.privateKey).toString('latin1');
  const file = forge.pkcs12.toPkcs12Asn1(key, [certificate], '', { algorithm: '3des' });
  return {
    certificate: pki.certificateToPem(certificate).replaceAll('\r\n', '\n'),
    pkcs12: forge.util.encode64(der.toDer(file).getBytes()),
  };
}

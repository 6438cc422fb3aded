/**
 * Certificates in X.509, signed with ECDSA on P-256. The library takes 60 ms and 18 MB to load:
 * this file is imported only when a certificate is to be signed.
 */
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Validity } from '#core/host-identity/validity.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface NewCertificate extends Validity {
  /** In hex. */
  serial: string;
  /** The common name, for people. */
  name: string;
}

/** Source: X.520, `ub-common-name`. */
const longestName = 64;

/**
 * A self-signed certificate (PEM) of this key (PKCS #8, PEM), for an authority below no other.
 */
export async function signAuthority(
  { serial, name, notBefore, notAfter }: NewCertificate,
  privateKey: string,
): Promise<string> {
  const keys = keysOf(privateKey);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    name: [{ CN: [name] }],
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pem(certificate);
}

/** In one role only: as a client or as a server. `publicKey`: SPKI, DER. */
export interface Subject {
  uri: string;
  role: 'client' | 'server';
  publicKey: Buffer;
}

export type SignCertificate = (certificate: NewCertificate, subject: Subject) => Promise<string>;

/**
 * Signs certificates (PEM) that identify their owners. The authority is read once for all of them.
 */
export async function certificateSigner(authority: {
  certificate: string;
  privateKey: string;
}): Promise<SignCertificate> {
  const issuer = new X509Certificate(authority.certificate);
  const { privateKey: signingKey } = keysOf(authority.privateKey);
  const issuerId = await AuthorityKeyIdentifierExtension.create(issuer);
  return async ({ serial, name, notBefore, notAfter }, { uri, role, publicKey }) => {
    const usage = role === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial,
      subject: [{ CN: [name.slice(0, longestName)] }],
      issuer: issuer.subjectName,
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
      signingAlgorithm: algorithm,
      publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage], true),
        new SubjectAlternativeNameExtension([{ type: 'url', value: uri }]),
        issuerId,
      ],
    });
    return pem(certificate);
  };
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function keysOf(privateKey: string) {
  const key = createPrivateKey(privateKey);
  return {
    privateKey: key.toCryptoKey(algorithm, true, ['sign']),
    publicKey: createPublicKey(key).toCryptoKey(algorithm, true, ['verify']),
  };
}

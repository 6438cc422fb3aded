/** The agent's side: requests for certificates. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { hostCertificatePath } from '#contracts/host/host-link.ts';
import { ComputeError, type ErrorKind, errorText, isComputeError } from '#core/errors.ts';
import { faultMessage } from '#runtime/messages/fault-message.ts';
import { keyFingerprint, proveKey } from '#runtime/keys/host-key.ts';
import { inspectController } from './inspect-controller.ts';
import { tlsProblem } from './tls-problem.ts';

/** PEM. */
export interface Certified {
  certificate: string;
  authority: string;
}

const timeoutMs = 30_000;
/** Two certificates have some 1,500. */
const mostBytes = 64 * 1024;

/**
 * The authority (PEM) of the controller at this address, if it has this fingerprint. Throws
 * `unavailable` where nobody answers, `invalid` for another authority.
 */
export async function fetchAuthority(url: string, fingerprint: string): Promise<string> {
  const hint = 'is this the address that "novella host enroll" shows?';
  let found: Awaited<ReturnType<typeof inspectController>>;
  try {
    found = await inspectController(url);
  } catch (cause) {
    const { code = errorText(cause) } = cause as { code?: string };
    const isNoTls = code.startsWith('ERR_SSL') || code === 'EPROTO';
    const what = isNoTls ? `does not speak TLS; ${hint}` : `does not answer (${code})`;
    throw new ComputeError('unavailable', `the controller at ${url} ${what}`, { cause });
  }
  const { authority } = found;
  if (authority?.fingerprint === fingerprint) return authority.pem;
  throw new ComputeError(
    'invalid',
    `the controller at ${url} is not trusted: its authority is ${authority?.fingerprint ?? 'not presented'}, and the token is for authority ${fingerprint}; ${hint}`,
  );
}

export interface CertificateRequest {
  url: string;
  host: string;
  /** PKCS #8, PEM. */
  key: string;
  tls: ConnectionOptions;
  headers: Record<string, string>;
}

/**
 * Requests a certificate for this key. Throws `unavailable` where nobody answers or who answers is
 * not trusted, and the controller's refusals.
 */
export async function requestCertificate(request: CertificateRequest): Promise<Certified> {
  const { url, host, key } = request;
  const { publicKey, proof } = proveKey(key, host);
  const body = JSON.stringify({ host, public_key: publicKey, proof });
  const { status, text } = await post(request, body).catch(async (cause: unknown) => {
    const distrust = await tlsProblem(cause, request, Date.now());
    const { code = errorText(cause) } = cause as { code?: string };
    const what =
      distrust === undefined ? `does not answer (${code})` : `is not trusted: ${distrust}`;
    throw new ComputeError('unavailable', `the controller at ${url} ${what}`, { cause });
  });
  if (status !== 200) {
    throw new ComputeError(
      kinds[status] ?? 'unavailable',
      faultMessage(text) ?? `the controller at ${url} answered ${status}`,
    );
  }
  return checked(text, request);
}

const kinds: Record<number, ErrorKind> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
};

/** Refused for a reason that only a person can remove. */
export function needsPerson(error: unknown): boolean {
  return !isComputeError(error, 'unavailable');
}

function post(
  { url, tls, headers }: CertificateRequest,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = httpsRequest(
      new URL(hostCertificatePath, url),
      {
        ...tls,
        method: 'POST',
        agent: false,
        timeout: timeoutMs,
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = '';
        response.on('data', (part: Buffer) => {
          text += part.toString();
          if (text.length > mostBytes) response.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    call.on('timeout', () => {
      call.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** The answer, if it is a certificate of this key by that authority. */
function checked(text: string, { key, url }: CertificateRequest): Certified {
  try {
    const { certificate, authority } = JSON.parse(text) as Certified;
    const { publicKey, verify } = readPair(certificate, authority);
    const own = createPublicKey(key).export({ type: 'spki', format: 'der' });
    if (verify && keyFingerprint(publicKey) === keyFingerprint(own)) {
      return { certificate, authority };
    }
  } catch {
    // Reported below.
  }
  throw new ComputeError(
    'unavailable',
    `the controller at ${url} answered with no certificate of this host's key: is another service at that address?`,
  );
}

function readPair(certificate: string, authority: string) {
  const read = new X509Certificate(certificate);
  const issuer = new X509Certificate(authority);
  return {
    publicKey: read.publicKey.export({ type: 'spki', format: 'der' }),
    verify: read.verify(issuer.publicKey),
  };
}

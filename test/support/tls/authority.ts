/** A certificate authority of a test's own, made by openssl. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDebianPackages } from '../debian/debian-packages.ts';

export interface Certificate {
  key: string;
  cert: string;
}

export interface CertificateOptions {
  /** Default: 127.0.0.1. Example: `DNS:elsewhere`. */
  subject?: string;
  /** Default: a day from now. Negative: it has expired. */
  days?: number;
}

export interface Authority {
  /** Its own certificate, PEM. */
  cert: string;
  sign(options?: CertificateOptions): Certificate;
}

/** Keys are of P-256, so that generating many costs nothing. */
export function makeAuthority(name: string): Authority {
  const own = inFolder((openssl, read) => {
    openssl('req', '-x509', ...newKey, '-keyout', 'key', '-out', 'cert', '-subj', `/CN=${name}`);
    return { key: read('key'), cert: read('cert') };
  });
  return {
    cert: own.cert,
    sign: ({ subject = 'IP:127.0.0.1', days = 1 } = {}) =>
      inFolder((openssl, read, write) => {
        write('ca-key', own.key);
        write('ca-cert', own.cert);
        write('more', `subjectAltName=${subject}\n`);
        openssl('req', ...newKey, '-keyout', 'key', '-out', 'request', '-subj', '/CN=service');
        const signed = [
          '-CA',
          'ca-cert',
          '-CAkey',
          'ca-key',
          '-CAcreateserial',
          '-extfile',
          'more',
        ];
        const files = ['-in', 'request', '-out', 'cert'];
        openssl('x509', '-req', '-days', String(days), ...files, ...signed);
        return { key: read('key'), cert: read('cert') };
      }),
  };
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function inFolder<Made>(
  make: (
    openssl: (...args: string[]) => void,
    read: (name: string) => string,
    write: (name: string, text: string) => void,
  ) => Made,
): Made {
  const folder = mkdtempSync(join(tmpdir(), 'novella-authority-'));
  try {
    return make(
      (...args) => runOpenssl(folder, args),
      (name) => readFileSync(join(folder, name), 'utf8'),
      (name, text) => writeFileSync(join(folder, name), text),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runOpenssl(folder: string, args: string[]): void {
  if (spawnSync('openssl', ['version']).error !== undefined) ensureDebianPackages(['openssl']);
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}

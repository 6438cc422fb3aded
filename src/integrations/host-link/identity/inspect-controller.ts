/** What a controller presents, without trusting it: nothing secret is sent. */
import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { authorityOf, topOf } from './authority-of.ts';

export interface PresentedController {
  certificate: X509Certificate;
  /** Fingerprint and PEM of the authority at the end of its chain. */
  authority: { fingerprint: string; pem: string } | undefined;
  /** What its clock shows, in epoch milliseconds; undefined: it does not answer over HTTP. */
  clock: number | undefined;
}

const timeoutMs = 5_000;
/** Enough for the headers of an answer. */
const mostBytes = 16_384;

/** Throws the errors of the connection. */
export function inspectController(url: string): Promise<PresentedController> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 443),
      // Only looked at; what is sent below is public.
      rejectUnauthorized: false,
    });
    let text = '';
    const done = (): void => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) return;
      const fingerprint = authorityOf(certificate);
      const pem = topOf(certificate)?.toString();
      resolve({
        certificate,
        authority:
          fingerprint === undefined || pem === undefined ? undefined : { fingerprint, pem },
        clock: clockIn(text),
      });
    };
    socket.setTimeout(timeoutMs, () => {
      // A peer may have a certificate, and no answer over HTTP.
      if (socket.getPeerX509Certificate() !== undefined) return done();
      socket.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    });
    socket.once('secureConnect', () => {
      socket.write('HEAD / HTTP/1.1\r\nhost: controller\r\nconnection: close\r\n\r\n');
    });
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      if (text.includes('\r\n\r\n') || text.length > mostBytes) done();
    });
    socket.once('end', done);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}

function clockIn(headers: string): number | undefined {
  const at = Date.parse(/^date: (.+)$/im.exec(headers)?.[1] ?? '');
  return Number.isNaN(at) ? undefined : at;
}

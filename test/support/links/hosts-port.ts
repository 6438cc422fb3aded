/** A controller's port for hosts, over a store in memory, without the rest of a cloud. */
import { generateKeyPairSync } from 'node:crypto';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { admitHosts } from '#programs/hosts/admit-hosts.ts';
import { listen } from '#http/listen.ts';
import { generateHostKey, type KeyProof, proveKey } from '#runtime/keys/host-key.ts';
import { aComputeWorld } from '../worlds/compute-world.ts';
import { silentLog } from '../silent-log.ts';

export interface Answered {
  status: number;
  body: { message?: string } & Record<string, unknown>;
}

export type HostsPort = Awaited<ReturnType<typeof aHostsPort>>;

/** `renewMs`: how often its certificate is renewed, if it is time. */
export async function aHostsPort({ renewMs }: { renewMs?: number } = {}) {
  const world = await aComputeWorld();
  // TLS goes by the clock of the machine.
  world.time.now = Date.now();
  const admission = await admitHosts(world.context, {
    server: world.app.server,
    listener: { onReceived: () => {}, onReport: () => {} },
    imageContents: world.contents,
    workflows: world.workflows,
    publicUrl: undefined,
    open: async (app) => `https://127.0.0.1:${await listen(app, 'hosts', '127.0.0.1', 0)}`,
    log: silentLog,
    ...(renewMs !== undefined && { renewMs }),
  });
  const url = await admission.url();
  const authority = await world.context.authority.certificate();
  /** A request with this client certificate, of a host or anybody else. */
  const send = (
    path: string,
    { body, ...options }: RequestOptions & { body?: unknown } = {},
  ): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const call = httpsRequest(
        new URL(path, url),
        { ca: authority, checkServerIdentity: () => undefined, agent: false, ...options },
        (response) => {
          let text = '';
          response.on('data', (part: Buffer) => (text += part.toString()));
          response.on('end', () => {
            const [fault] = Object.values(JSON.parse(text || '{}') as Record<string, object>);
            const isFault = (response.statusCode ?? 0) >= 400;
            const read = isFault ? fault : (JSON.parse(text || '{}') as object);
            resolve({ status: response.statusCode ?? 0, body: { ...read } });
          });
        },
      );
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const certify = (
    host: string,
    { publicKey, proof }: KeyProof,
    options: RequestOptions & { token?: string } = {},
  ): Promise<Answered> => {
    const { token, ...others } = options;
    return send('/novella/v1/host-certificate', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: { host, public_key: publicKey, proof },
      ...others,
    });
  };
  return {
    world,
    url,
    authority,
    send,
    certify,
    linked: () => admission.linked(),
    /** A join token of this host. */
    async tokenOf(host: string): Promise<string> {
      const how = { replaces: true, validMs: 3_600_000 };
      return (await world.workflows.enrollHost(host, how)).token;
    },
    /** Key and certificate of a host that has joined, PEM. */
    async joined(host: string): Promise<{ key: string; cert: string }> {
      const key = await generateHostKey();
      const token = await this.tokenOf(host);
      const { body } = await certify(host, proveKey(key, host), { token });
      return { key, cert: String(body['certificate']) };
    },
    async stop() {
      await admission.close();
      await world.stop();
    },
  };
}

/** Proof by a key of another kind. Example: `foreignKey('P-384')`. */
export function keyOn(namedCurve: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

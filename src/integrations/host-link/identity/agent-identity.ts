/**
 * An agent's identity: it joins with a token once, presents its certificate from then on, and
 * replaces it in time. A token of version 0.2 or older is presented as it is.
 */
import { X509Certificate } from 'node:crypto';
import type { ControllerConnection } from '#contracts/host/identity/controller-connection.ts';
import type { CertificateOffer } from '#contracts/host/host-link.ts';
import type { Log } from '#contracts/log.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { isJoinToken, parseJoinToken } from '#core/host-identity/join-token.ts';
import type { Validity } from '#core/host-identity/validity.ts';
import { generateHostKey } from '#runtime/keys/host-key.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';
import { clusterTls } from './cluster-tls.ts';
import type { ControllerAddresses } from './controller-addresses.ts';
import { IdentityFiles, type StoredIdentity, validityOf } from './identity-file.ts';
import { fetchAuthority, needsPerson, requestCertificate } from './request-certificate.ts';

export interface AgentIdentityOptions {
  host: string;
  /** In the configuration. */
  controllers: ControllerAddresses;
  /** The state directory. */
  folder: string;
  /**
   * The token, read at each use; undefined: none is configured. Throws what prevents reading it.
   */
  token: () => string | undefined;
  log: Log;
}

export class AgentIdentity {
  readonly #options: AgentIdentityOptions;
  readonly #files: IdentityFiles;
  readonly #changes = new SerialQueue();
  /** The join token that was refused: it is not tried again while there is a certificate. */
  #refused: string | undefined;

  constructor(options: AgentIdentityOptions) {
    this.#options = options;
    this.#files = new IdentityFiles(options.folder);
  }

  /**
   * How to connect now. Joins first when there is a join token that was not used yet. Throws
   * `unavailable` when the controller does not answer, and other errors for what a person must do.
   */
  connection(): Promise<ControllerConnection> {
    return this.#changes.run(async () => {
      const kept = this.#read();
      const token = this.#token(kept);
      const identity = await this.#joined(kept, token);
      if (identity !== undefined) return connectionOf(identity);
      const { current } = this.#options.controllers;
      return { url: current, headers: bearer(token ?? ''), tls: {} };
    });
  }

  /**
   * Joins with this token now, whatever the agent has, at the first controller that answers. Throws
   * as `connection`; `unavailable`: none of the controllers answers.
   */
  join(token: string): Promise<StoredIdentity> {
    return this.#changes.run(async () => {
      const { controllers } = this.#options;
      const problems: string[] = [];
      for (;;) {
        try {
          return await this.#join(token);
        } catch (cause) {
          if (needsPerson(cause)) throw cause;
          problems.push(errorText(cause));
          if (problems.length === controllers.count) {
            throw new ComputeError('unavailable', problems.join('; '), { cause });
          }
        }
        controllers.next();
      }
    });
  }

  /** What it presents to other hosts now. Throws `unavailable` before it has joined. */
  own(): Promise<StoredIdentity> {
    return this.#changes.run(async () => {
      const identity = this.#read();
      if (identity !== undefined) return identity;
      const { host } = this.#options;
      throw new ComputeError(
        'unavailable',
        `host ${host} has no certificate of its cluster yet: guests move between hosts that have joined`,
      );
    });
  }

  /** How long the certificate is valid; undefined: there is none. */
  validity(): Validity | undefined {
    const identity = this.#read();
    return identity && validityOf(identity);
  }

  /** Replaces the certificate, with a new key. Throws as `connection`. */
  renew(): Promise<void> {
    return this.#changes.run(async () => {
      const identity = this.#read();
      if (identity === undefined) return;
      const { url, tls } = connectionOf(identity);
      const purpose = `renewal of ${new X509Certificate(identity.certificate).serialNumber}`;
      const key = await this.#files.keyFor(purpose, generateHostKey);
      const { host } = identity;
      const certified = await requestCertificate({ url, host, key, tls, headers: {} });
      await this.#files.write({ ...identity, ...certified, key });
      this.#options.log.info({ host }, 'the certificate was renewed');
    });
  }

  /**
   * Gets a certificate with the token without an end, from the authority with this fingerprint.
   * False: there is a certificate already. Throws as `connection`.
   */
  adopt({ url: given, port, authority: fingerprint }: CertificateOffer): Promise<boolean> {
    return this.#changes.run(async () => {
      const token = this.#options.token();
      if (this.#read() !== undefined || token === undefined || isJoinToken(token)) return false;
      const { host, log } = this.#options;
      const { current: controller } = this.#options.controllers;
      const url = given ?? `https://${new URL(controller).hostname}:${port}`;
      const key = await this.#files.keyFor(`instead of ${sha256OfToken(token)}`, generateHostKey);
      const tls = clusterTls(await fetchAuthority(url, fingerprint));
      const certified = await requestCertificate({ url, host, key, tls, headers: bearer(token) });
      const identity = { host, controller, url, key, ...certified, joinTokenSha256: null };
      await this.#files.write(identity);
      log.info({ host, controller: url }, 'the token was replaced by a certificate');
      return true;
    });
  }

  /** The stored identity, if it is of this host and controller. */
  #read(): StoredIdentity | undefined {
    const identity = this.#files.read();
    if (identity === undefined) return undefined;
    const { host, controllers } = this.#options;
    if (identity.host !== host) {
      throw new ComputeError(
        'invalid',
        `${this.#files.path} is the identity of host ${identity.host}, not of ${host}: set host.name to ${identity.host}, or remove the file and join with a token of ${host}`,
      );
    }
    if (identity.controller === controllers.current) return identity;
    return { ...identity, controller: controllers.current, url: this.#hostsUrl() };
  }

  /** The configured address, which must be that of the controller's port for hosts. */
  #hostsUrl(): string {
    const { controllers, host } = this.#options;
    const { current: controllerUrl } = controllers;
    if (controllerUrl.startsWith('https:')) return controllerUrl;
    throw new ComputeError(
      'invalid',
      `controller: ${controllerUrl} must begin with https: the address is the one that "novella host enroll ${host}" shows`,
    );
  }

  #token(identity: StoredIdentity | undefined): string | undefined {
    try {
      const token = this.#options.token();
      if (token !== undefined || identity !== undefined) return token;
    } catch (error) {
      // Its file may be removed once the host has joined.
      if (identity === undefined) throw error;
      return undefined;
    }
    const { host, folder } = this.#options;
    throw new ComputeError(
      'invalid',
      `host ${host} has no certificate in ${folder}, and no token: run "novella host enroll ${host}" on the controller, and put the token into token_file`,
    );
  }

  async #joined(
    kept: StoredIdentity | undefined,
    token: string | undefined,
  ): Promise<StoredIdentity | undefined> {
    if (token === undefined || !isJoinToken(token)) return kept;
    if (kept !== undefined && token === this.#refused) return kept;
    if (kept?.joinTokenSha256 === sha256OfToken(token)) return kept;
    try {
      return await this.#join(token);
    } catch (error) {
      if (kept === undefined || !needsPerson(error)) throw error;
      this.#refused = token;
      const { host, log } = this.#options;
      log.warn({ host }, `cannot join with the new token: ${errorText(error)}`);
      return kept;
    }
  }

  async #join(token: string): Promise<StoredIdentity> {
    const { host, log } = this.#options;
    const url = this.#hostsUrl();
    const { authority: fingerprint } = parseJoinToken(token) ?? {};
    if (fingerprint === undefined) {
      throw new ComputeError('invalid', 'the join token is not complete; was it cut off?');
    }
    const joinTokenSha256 = sha256OfToken(token);
    const key = await this.#files.keyFor(`join with ${joinTokenSha256}`, generateHostKey);
    const tls = clusterTls(await fetchAuthority(url, fingerprint));
    const certified = await requestCertificate({ url, host, key, tls, headers: bearer(token) });
    const identity = { host, controller: url, url, key, ...certified, joinTokenSha256 };
    await this.#files.write(identity);
    log.info({ host, controller: url, authority: fingerprint }, 'joined the cluster');
    return identity;
  }
}

function connectionOf({ url, authority, certificate, key }: StoredIdentity): ControllerConnection {
  return { url, headers: {}, tls: clusterTls(authority, { certificate, key }) };
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/**
 * Where hosts connect: the port of their own, with certificates of the cluster's authority; and,
 * with tokens of version 0.2 and older, the compute API's.
 */
import type { Server } from 'node:http';
import type { Server as TlsServer, TlsOptions } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createAgentsApi } from '#api/agents/agents-api.ts';
import type { AgentsContext } from '#api/agents/agents-context.ts';
import { tokenCredential } from '#api/agents/token-credential.ts';
import type { CertificateOffer, LinkedHost } from '#contracts/host/host-link.ts';
import type { HostCredential } from '#contracts/host/identity/host-credential.ts';
import { acceptHostConsoles } from '#integrations/host-link/accept-host-consoles.ts';
import { acceptHostLinks } from '#integrations/host-link/accept-host-links.ts';
import { peerCredential } from '#integrations/host-link/identity/peer-credential.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import type { HostConsoles } from '#workflows/hosts/host-consoles.ts';
import { admitHost } from '#workflows/enrolment/admit-host.ts';
import { settleCredentials } from '#workflows/enrolment/settle-credentials.ts';
import { coalesced } from './coalesced.ts';
import { type ReportListener, serveAgent } from '#workflows/watch/serve-agent.ts';

export interface AdmitHostsOptions extends Pick<AgentsContext, 'imageContents' | 'workflows'> {
  /** Of the compute API. */
  server: Server;
  listener: ReportListener;
  /** Lets the service for hosts listen; returns where hosts reach it. */
  open: (app: FastifyInstance) => Promise<string>;
  /** Where hosts reach it, if that is configured. */
  publicUrl: string | undefined;
  log: Logger;
  /** How often the certificate of the port is renewed, if it is time. */
  renewMs?: number;
}

export interface HostAdmission {
  linked(): LinkedHost[];
  /** The host replaces its certificate. False: it is not linked here by one. */
  renewCertificate(host: string): boolean;
  /** Where hosts connect; listens there, if nothing does yet. */
  url(): Promise<string>;
  close(): Promise<void>;
}

/** Finds revocations whose wake-up was lost, and certificates that have expired. */
const recheckMs = 30_000;
const usualRenewMs = 3_600_000;

/**
 * Admits enrolled hosts, each until it is revoked. Their port is opened with the first enrolment: a
 * cloud of hosts in its own process needs none. Throws `unavailable` when it is in use.
 */
export async function admitHosts(
  context: WorkflowContext,
  { server, listener, open, publicUrl, log, renewMs = usualRenewMs, ...service }: AdmitHostsOptions,
): Promise<HostAdmission> {
  const offer = () => certificateOffer(context, { url, publicUrl });
  const admit = (credential: HostCredential) => admitHost(context, credential);
  const links = acceptHostLinks({
    log,
    admit,
    onLink: (end, { host, credential }) => {
      void settleCredentials(context, host, credential);
      end.onClose(context.wakeup.listen(`renew:${host}`, () => void renewCertificate(host)));
      serveAgent(context, end, credential.kind === 'token' ? { ...listener, offer } : listener);
    },
  });
  const renewCertificate: HostAdmission['renewCertificate'] = (host) =>
    links.sendToCertified(host, { type: 'renew-certificate' });
  const consoleDoor = acceptHostConsoles({ admit, log, ...waitingConsoles(context) });
  const listenOn = (to: Server, credentialOf: AgentsContext['credentialOf']): void => {
    links.listenOn(to, credentialOf);
    consoleDoor.listenOn(to, credentialOf);
  };
  listenOn(server, tokenCredential);

  const stops: (() => void)[] = [];
  let opened: Promise<string> | undefined;
  let agentsApi: FastifyInstance | undefined;
  const openDoor = async (): Promise<string> => {
    const tls = await tlsOf(context);
    const { store } = context;
    const app = createAgentsApi({ ...service, store, credentialOf: peerCredential, log, tls });
    const url = await open(app);
    agentsApi = app;
    listenOn(app.server, peerCredential);
    const renewal = setInterval(() => void renew(context, app.server), renewMs);
    stops.push(() => clearInterval(renewal));
    return url;
  };
  const url = (): Promise<string> => {
    opened ??= openDoor().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  // Of thousands of hosts, when thousands are enrolled.
  const recheck = coalesced(async () => {
    try {
      await links.recheck();
      await consoleDoor.recheck();
      if (opened === undefined && (await isAnyEnrolled(context))) await url();
    } catch (error) {
      log.error({ err: error }, 'cannot check the hosts that may connect');
    }
  });
  if (await isAnyEnrolled(context)) await url();
  stops.push(context.wakeup.listen('enrolments', () => recheck.run()));
  const timer = setInterval(() => recheck.run(), recheckMs);
  stops.push(() => clearInterval(timer));
  return {
    linked: () => links.linked(),
    renewCertificate,
    url,
    async close() {
      for (const stop of stops) stop();
      await recheck.settled();
      await consoleDoor.close();
      await links.close();
      // Not earlier: it does not end while hosts are linked.
      await agentsApi?.close();
    },
  };
}

function waitingConsoles({
  links: { consoles },
}: WorkflowContext): Pick<HostConsoles, 'expects' | 'take'> {
  return {
    expects: (host, id) => consoles.expects(host, id),
    take: (host, id, stream) => consoles.take(host, id, stream),
  };
}

async function isAnyEnrolled({ store }: WorkflowContext): Promise<boolean> {
  return (await store.enrolments.list()).length > 0;
}

async function certificateOffer(
  { authority }: WorkflowContext,
  { url, publicUrl }: { url: () => Promise<string>; publicUrl: string | undefined },
): Promise<CertificateOffer> {
  return {
    port: Number(new URL(await url()).port || 443),
    ...(publicUrl !== undefined && { url: publicUrl }),
    authority: await authority.fingerprint(),
  };
}

/** A peer without a certificate is answered with the reason, so none is required here. */
async function tlsOf({ authority }: WorkflowContext): Promise<TlsOptions> {
  return {
    ...(await authority.controller()),
    ca: [await authority.certificate()],
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  };
}

/** Connections that are open stay as they are. */
async function renew(context: WorkflowContext, server: Server): Promise<void> {
  try {
    (server as unknown as TlsServer).setSecureContext(await tlsOf(context));
  } catch (error) {
    context.log.error({ err: error }, 'cannot renew the certificate of this controller');
  }
}

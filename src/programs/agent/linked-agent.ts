/** An agent that joins its cluster, and keeps a link to one of the controllers. */
import { startAgent } from '#agent/agent.ts';
import type { ControllerConnection } from '#contracts/host/identity/controller-connection.ts';
import type { Log } from '#contracts/log.ts';
import { errorText } from '#core/errors.ts';
import type { PeerIdentity } from '#integrations/guest-transfer/peer-identity.ts';
import { consoleDial } from '#integrations/host-link/console-dial.ts';
import { dialController } from '#integrations/host-link/dial.ts';
import { AgentIdentity } from '#integrations/host-link/identity/agent-identity.ts';
import { ControllerAddresses } from '#integrations/host-link/identity/controller-addresses.ts';
import { keepRenewed } from '#integrations/host-link/identity/keep-renewed.ts';
import { type HostParts, heartbeatMs } from '../config/host-parts.ts';

/** What the parts of a host need of its agent. */
export interface AgentAccess {
  /** How to connect to its controller now. */
  connection: () => Promise<ControllerConnection>;
  /** What it presents to other hosts. */
  own: () => Promise<PeerIdentity>;
}

export interface LinkedAgentOptions {
  host: string;
  /** Addresses of the controllers' ports for hosts; at least one. */
  controllerUrls: readonly string[];
  /** Keeps its identity. */
  folder: string;
  /** The token to join with, read at each use; undefined: it has joined. */
  token: (() => string | undefined) | undefined;
  parts: (access: AgentAccess) => Promise<HostParts>;
  log: Log;
}

/**
 * Starts the agent, which connects, and reconnects, for as long as it runs. Throws ComputeError for
 * a host that has neither joined nor a token, and what `parts` throws. `stop` ends the work in
 * progress; guests keep running.
 */
export async function startLinkedAgent({
  host,
  controllerUrls,
  folder,
  token,
  parts: makeParts,
  log,
}: LinkedAgentOptions): Promise<{ stop(): Promise<void> }> {
  const controllers = new ControllerAddresses(controllerUrls);
  const readToken = token ?? (() => undefined);
  const identity = new AgentIdentity({ host, controllers, folder, token: readToken, log });
  const connection = () => identity.connection();
  // Throws for a host that has neither joined nor a token: later, nothing would change that.
  if (token === undefined) await connection();
  const parts = await makeParts({ connection, own: () => identity.own() });
  const agent = await startAgent({
    ...parts,
    dialConsole: consoleDial(connection),
    log,
    heartbeatMs,
  });
  const dial = dialController({
    host,
    connection,
    addresses: controllers,
    log,
    onOffer: (offer) => {
      identity.adopt(offer).then(
        (isNew) => isNew && dial.reconnect(),
        (error: unknown) => {
          log.warn({ host }, `cannot replace the token by a certificate: ${errorText(error)}`);
        },
      );
    },
    onRenew: () => {
      identity.renew().then(
        () => dial.reconnect(),
        (error: unknown) => {
          log.warn({ host }, `cannot replace the certificate: ${errorText(error)}`);
        },
      );
    },
    onLink: (link) => {
      agent.join(link).catch((error: unknown) => {
        log.error({ host, err: error }, 'the state of this host cannot be read; trying again');
      });
    },
  });
  const renewal = keepRenewed(identity, { log, onRenewed: () => dial.reconnect() });
  return {
    async stop() {
      renewal.stop();
      const hungUp = dial.close();
      await agent.stop();
      await hungUp;
      await parts.hypervisor.close();
    },
  };
}

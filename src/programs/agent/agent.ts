/**
 * `novella agent`: one agent for this machine, or for a simulated one, that connects to the
 * controller.
 */
import type { Logger } from 'pino';
import { startAgent } from '#agent/agent.ts';
import type { ControllerConnection } from '#contracts/host/identity/controller-connection.ts';
import { errorText } from '#core/errors.ts';
import { trustAuthorities } from '#client/session/trust.ts';
import { folderJournal } from '#integrations/command-journal/in-folder.ts';
import { consoleDial } from '#integrations/host-link/console-dial.ts';
import { keepRenewed } from '#integrations/host-link/identity/keep-renewed.ts';
import { ControllerAddresses } from '#integrations/host-link/identity/controller-addresses.ts';
import { AgentIdentity } from '#integrations/host-link/identity/agent-identity.ts';
import { dialController } from '#integrations/host-link/dial.ts';
import type { PeerIdentity } from '#integrations/guest-transfer/peer-identity.ts';
import { httpImageSource } from '#integrations/image-source/over-http.ts';
import { type AgentConfig, readToken } from '../config/agent-config.ts';
import { builtInSpec } from '../config/config.ts';
import { type HostParts, heartbeatMs } from '../config/host-parts.ts';
import { type RealHostSurroundings, realHostParts } from '../hosts/real-host.ts';
import { capturedHost } from '../hosts/simulated-agents.ts';
import { type StateDirectory, takeStateDirectory } from '../state/state-directory.ts';

/** Files whose paths differ between the bundle and the sources. */
export type AgentFiles = Pick<RealHostSurroundings, 'libvirtChild'>;

/**
 * Starts the agent, which connects, and reconnects, for as long as it runs. Throws ComputeError
 * when the machine cannot be used as configured, with nothing left running. `stop` ends the work in
 * progress; guests keep running.
 */
export async function startHostAgent(
  config: AgentConfig,
  log: Logger,
  files: AgentFiles = {},
): Promise<{ stop(): Promise<void> }> {
  if (config.caFile !== undefined) trustAuthorities(config.caFile);
  const state = takeStateDirectory(config.stateDir, { entered: true });
  try {
    return await start(config, state, { log, files });
  } catch (error) {
    state.release();
    throw error;
  }
}

async function start(
  config: AgentConfig,
  state: StateDirectory,
  { log, files }: { log: Logger; files: AgentFiles },
): Promise<{ stop(): Promise<void> }> {
  const controllers = new ControllerAddresses(config.controllerUrls);
  const host = config.host.name;
  const token = () => readToken(config.token);
  const identity = new AgentIdentity({ host, controllers, folder: state.path, token, log });
  const connection = () => identity.connection();
  // Throws for a host that has neither joined nor a token: later, nothing would change that.
  if (config.token === undefined) await connection();
  const own = () => identity.own();
  const parts = await partsOf(config, state, { log, connection, own, files });
  const dialConsole = consoleDial(connection);
  const agent = await startAgent({ ...parts, dialConsole, log, heartbeatMs });
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
  log.info({ host, controllers: config.controllerUrls }, 'agent started');
  return {
    async stop() {
      renewal.stop();
      const hungUp = dial.close();
      await agent.stop();
      await hungUp;
      await parts.hypervisor.close();
      state.release();
    },
  };
}

async function partsOf(
  { host, simulated }: AgentConfig,
  state: StateDirectory,
  {
    log,
    connection,
    own,
    files,
  }: {
    log: Logger;
    connection: () => Promise<ControllerConnection>;
    own: () => Promise<PeerIdentity>;
    files: AgentFiles;
  },
): Promise<HostParts> {
  const images = httpImageSource({ connection });
  if (simulated === undefined) {
    return realHostParts(host, { stateDir: state.path, images, identity: own, log, ...files });
  }
  const deviceSpec = host.deviceSpec.length === 0 ? builtInSpec : host.deviceSpec;
  const machine = { ...simulated, name: host.name, deviceSpec };
  return {
    ...(await capturedHost(machine, 0, { folder: state.file('simulated'), images })),
    hostIp: host.ip,
    bridgedNetworks: Object.keys(host.bridgeMappings),
    reserved: host.reserved,
    journal: folderJournal(state.file('results')),
  };
}

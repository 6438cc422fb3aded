/**
 * `novella agent`: one agent for this machine, or for a simulated one, that connects to the
 * controller.
 */
import type { Logger } from 'pino';
import { trustAuthorities } from '#client/session/trust.ts';
import { folderJournal } from '#integrations/command-journal/in-folder.ts';
import { httpImageSource } from '#integrations/image-source/over-http.ts';
import { type AgentConfig, readToken } from '../config/agent-config.ts';
import { builtInSpec } from '../config/config.ts';
import type { HostParts } from '../config/host-parts.ts';
import { type RealHostSurroundings, realHostParts } from '../hosts/real-host.ts';
import { capturedHost } from '../hosts/simulated-agents.ts';
import { type StateDirectory, takeStateDirectory } from '../state/state-directory.ts';
import { type AgentAccess, startLinkedAgent } from './linked-agent.ts';

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
  const { name: host } = config.host;
  const { controllerUrls, token } = config;
  try {
    const agent = await startLinkedAgent({
      host,
      controllerUrls,
      folder: state.path,
      token: token && (() => readToken(token)),
      parts: (access) => partsOf(config, state, { log, files, access }),
      log,
    });
    log.info({ host, controllers: controllerUrls }, 'agent started');
    return {
      async stop() {
        await agent.stop();
        state.release();
      },
    };
  } catch (error) {
    state.release();
    throw error;
  }
}

async function partsOf(
  { host, simulated }: AgentConfig,
  state: StateDirectory,
  { log, files, access }: { log: Logger; files: AgentFiles; access: AgentAccess },
): Promise<HostParts> {
  const images = httpImageSource({ connection: access.connection });
  if (simulated === undefined) {
    return realHostParts(host, {
      stateDir: state.path,
      images,
      identity: access.own,
      log,
      ...files,
    });
  }
  const deviceSpec = host.deviceSpec.length === 0 ? builtInSpec : host.deviceSpec;
  const machine = { ...simulated, name: host.name, deviceSpec };
  const around = { folder: state.file('simulated'), imagesOf: () => images };
  return {
    ...(await capturedHost(machine, 0, around)),
    hostIp: host.ip,
    bridgedNetworks: Object.keys(host.bridgeMappings),
    reserved: host.reserved,
    journal: folderJournal(state.file('results')),
  };
}

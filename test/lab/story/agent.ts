/** The agent inside the emulated host: copied in as one bundle, started, stopped, killed. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LabHost } from '../host.ts';
import { labDevices, outsideAddress } from '../machine.ts';
import { until } from './cloud-user.ts';

export interface LabAgent {
  /** Of the guests' files, within the host. */
  readonly guestsDirectory: string;
  /** Starts it and waits until the controller has its first report. */
  start(options?: StartOptions): Promise<void>;
  /** Sends SIGTERM, and waits until it has ended. */
  stop(): Promise<void>;
  /** `kill -9` once it has begun to create this server's guest. */
  killDuring(serverId: string): Promise<void>;
  /** The output of `novella doctor` on the host. */
  doctor(): Promise<DoctorReport>;
  /** Resident memory of the agent and of its libvirt child, in MiB. */
  memoryMib(): Promise<{ agent: number; child: number }>;
  log(): Promise<string>;
}

/** Of the agent's configuration; without it is as in the beginning. */
interface StartOptions {
  networkXml?: boolean;
  sharedFolder?: string | undefined;
}

/** Source: `novella doctor --json`. */
export interface DoctorReport {
  ok: boolean;
  checks: { name: string; level: 'ok' | 'warn' | 'fail'; found: string; fix: string | null }[];
}

export interface AgentPlace {
  host: LabHost;
  /** `host` of its configuration, without `libvirt`. */
  settings: object;
  /** Folder with the bundle. */
  bundle: string;
  /** For hosts, on the outside's 127.0.0.1. */
  controllerPort: number;
  /** By which the host joins. */
  token: string;
  /**
   * Has the controller a report of the host since then (epoch milliseconds) without a problem that
   * refuses servers?
   */
  isReady(since: number): Promise<boolean>;
}

/** The emulated host's name in the cloud. */
export const labHostName = 'lab-host';

const [first, second] = labDevices.pfs;
const { vendorId, productId } = labDevices.nvme;

/**
 * Two PFs, one with five VFs and one with a single one, a NIC for bridges, an NVMe disk to pass
 * through.
 */
export const labHostSettings = {
  name: labHostName,
  ip: '10.0.2.15',
  device_spec: [
    { devname: first.interface, physical_network: 'physnet1', trusted: 'true' },
    { devname: second.interface, physical_network: 'physnet2' },
    { vendor_id: vendorId, product_id: productId },
  ],
  vf_counts: { [first.interface]: 5, [second.interface]: 1 },
  bridge_mappings: { plain: labDevices.uplink.interface },
};

const stateDirectory = '/var/lib/novella';
const pidFile = '/run/novella-agent.pid';
const logFile = '/var/log/novella-agent.log';

/** The agent's configuration: JSON is YAML. */
function configuration(
  place: AgentPlace,
  { networkXml = false, sharedFolder }: StartOptions,
): string {
  // The processor within is an emulated one that no model describes.
  const libvirt = { cpu_mode: 'host-passthrough', network_xml: networkXml };
  return JSON.stringify({
    controller: `https://${outsideAddress}:${place.controllerPort}`,
    token_file: '/mnt/share/agent-token',
    state_dir: stateDirectory,
    host: { ...place.settings, libvirt, shared_folder: sharedFolder },
  });
}

/** Brings the bundle in; nothing runs yet. */
export function labAgent(place: AgentPlace): LabAgent {
  const { host } = place;
  let guestsDirectory = `${stateDirectory}/guests`;
  cpSync(place.bundle, join(host.shareDirectory, 'agent'), { recursive: true });
  writeFileSync(join(host.shareDirectory, 'agent-token'), `${place.token}\n`, { mode: 0o600 });
  return {
    get guestsDirectory() {
      return guestsDirectory;
    },
    async start(options = {}) {
      const since = Date.now();
      guestsDirectory = `${options.sharedFolder ?? stateDirectory}/guests`;
      writeFileSync(join(host.shareDirectory, 'agent.yaml'), configuration(place, options));
      await host.mustRun(`
        [ -d /opt/novella-agent ] || cp -r /mnt/share/agent /opt/novella-agent
        setsid /lab/node /opt/novella-agent/novella-agent.mjs agent --config /mnt/share/agent.yaml \\
          >> ${logFile} 2>&1 < /dev/null &
        echo $! > ${pidFile}`);
      await until('the agent to report its host', 300, async () => {
        if (await place.isReady(since)) return true;
        const { code } = await host.run(`kill -0 $(cat ${pidFile})`);
        if (code === 0) return undefined;
        throw new Error(`the agent ended: ${await host.readFile(logFile)}`);
      });
    },
    async stop() {
      await host.mustRun(`
        kill $(cat ${pidFile})
        while kill -0 $(cat ${pidFile}) 2> /dev/null; do sleep 0.1; done`);
    },
    async killDuring(serverId) {
      await host.mustRun(`
        until [ -d ${stateDirectory}/guests/${serverId} ]; do sleep 0.02; done
        kill -9 $(cat ${pidFile})`);
    },
    async doctor() {
      const { stdout, stderr } = await host.run(
        '/lab/node /opt/novella-agent/novella-agent.mjs doctor --json --config /mnt/share/agent.yaml',
      );
      if (stdout === '') throw new Error(`the doctor printed nothing: ${stderr}`);
      return JSON.parse(stdout) as DoctorReport;
    },
    async memoryMib() {
      const shown = await host.mustRun(`
        pid=$(cat ${pidFile})
        for each in $pid $(pgrep -P $pid | head -1); do awk '/^VmRSS/ { print $2 }' /proc/$each/status; done`);
      const [agent = 0, child = 0] = shown
        .trim()
        .split('\n')
        .map((kib) => Number(kib) / 1_024);
      return { agent: Math.round(agent), child: Math.round(child) };
    },
    log: () => host.readFile(logFile),
  };
}

/** The form of a recorded scenario: the initial state, the steps, and the state after each. */
import type { DescribedDevice } from '#integrations/simulated/machine/described-devices.ts';

export interface ScenarioInput {
  networks?: { name: string; physical_network: string | null; vlan?: number }[];
  hosts: ScenarioHost[];
  ports?: ScenarioPort[];
  aliases?: object[];
  /** Processor numbers of every host for pinned guests. Example: `4-7`. */
  dedicated_cpus?: string;
  script: ScenarioStep[];
}

interface ScenarioHost {
  name: string;
  device_spec: object[];
  devices: DescribedDevice[];
  cpu?: { cpu_nodes?: number; cpu_sockets?: number; cpu_cores?: number; cpu_threads?: number };
  later?: boolean;
}

export interface ScenarioPort {
  name: string;
  network: string;
  vnic_type: string;
  mac?: string;
  numa_policy?: string;
  profile?: object;
}

/** `do` selects which of the other keys apply. */
export interface ScenarioStep {
  do: string;
  server?: string;
  ports?: string[];
  port?: string;
  host?: string;
  flavor?: { vcpus?: number; memory_mb?: number; extra_specs?: Record<string, string> };
  /** The host is chosen from a snapshot older than the boot before. */
  stale_scheduler?: boolean;
  device_spec?: object[];
  devices?: DescribedDevice[];
}

export interface ExpectedStep {
  status?: string;
  ok?: boolean;
  error?: unknown;
  valid_hosts?: string[];
  reference_host?: string;
  state?: ScenarioState;
}

/** Absent parts are not compared. */
export interface ScenarioState {
  hosts?: Record<string, { devices: Record<string, { total: number; available: number }> }>;
  servers?: Record<
    string,
    { status: string; host: string | null; devices: Record<string, number> }
  >;
  ports?: Record<string, SeenPort>;
}

export interface SeenPort {
  host_id: string | null;
  server: string | null;
  profile: Record<string, unknown>;
  has_pci_slot?: boolean;
  mac_address?: string;
}

/** Sizing advice from the figures of one run. */
import { rounded } from '../statistics.ts';

export interface Measured {
  hosts: number;
  controllers: number;
  /** Resident memory of one controller without a host, and with its share of them. */
  emptyMib: number;
  linkedMib: number;
  /** Processor time of all controllers for the links of all hosts, after a restart. */
  linkingCpuSeconds: number;
  /** Processors of all controllers while the fleet is idle. */
  idleCores: number;
  /** Connections of all controllers to the database. */
  connections: number;
}

export interface Advice {
  /** Of a controller, for one host. */
  kib_per_host: number;
  cpu_ms_per_link: number;
  /** So many that half a processor links all of them within the time below. */
  hosts_per_controller: number;
  /** Of such a controller, in MiB. */
  memory_per_controller: number;
  connections_per_controller: number;
  idle_cores_per_1000_hosts: number;
}

/** All hosts are to be linked again so soon after a restart. */
const rejoinSeconds = 30;
/** Of one handshake: with a few hosts the measurement has ticks of a hundredth only. */
const leastCpuSeconds = 0.001;
/** The processors of a machine serve requests, and handshakes on the agents' side here, too. */
const shareForLinks = 0.5;

export function adviceOf(of: Measured): Advice {
  const perController = of.hosts / of.controllers;
  const mibPerHost = Math.max(0, of.linkedMib - of.emptyMib) / perController;
  const cpuPerLink = Math.max(leastCpuSeconds, of.linkingCpuSeconds / of.hosts);
  const hosts = Math.floor((rejoinSeconds * shareForLinks) / cpuPerLink);
  return {
    kib_per_host: Math.round(mibPerHost * 1_024),
    cpu_ms_per_link: rounded(cpuPerLink * 1_000, 2),
    hosts_per_controller: hosts,
    memory_per_controller: Math.ceil((of.emptyMib + mibPerHost * hosts) / 50) * 50,
    connections_per_controller: Math.ceil(of.connections / of.controllers),
    idle_cores_per_1000_hosts: rounded((of.idleCores * 1_000) / of.hosts),
  };
}

/** Messages between the agent and its libvirt child. */

import type { Migration, Versions } from '../xml/migration.ts';
import type { RunningHardware } from '../xml/running-hardware.ts';

/** A domain as libvirt reports it. */
export interface DomainRow {
  /** The domain's uuid. */
  id: string;
  name: string;
  /** Source: libvirt/libvirt-domain.h, `virDomainState`. */
  state: number;
  isSaved: boolean;
  /** Of the running domain; its definition when it does not run. */
  xml: string;
}

/** Statistics by libvirt's names. Source: libvirt, `virConnectGetAllDomainStats`. */
export type DomainStats = Record<string, number | string>;

/** Each procedure's arguments and result. All strings and numbers as in libvirt's API. */
export interface Procedures {
  hostFacts: {
    args: [];
    result: {
      type: string;
      version: number;
      capabilities: string;
      cpus: number;
      memoryKib: number;
    };
  };
  /** Of libvirt and QEMU: major × 1 000 000 + minor × 1 000 + release. */
  versions: { args: []; result: Versions };
  /** The same, on a connection by which a guest can be sent. */
  versionsForMove: { args: []; result: Versions };
  domainCapabilities: { args: [virtType: string]; result: string };
  /** Throws libvirt's reason why a guest of this hardware cannot run here. */
  /** `machine` null: the host's default. */
  canRun: {
    args: [hardware: Pick<RunningHardware, 'virtType' | 'cpu'> & { machine: string | null }];
    result: null;
  };
  /** Every domain, regardless of who defined it. */
  listDomains: { args: []; result: DomainRow[] };
  findDomain: { args: [id: string]; result: DomainRow | null };
  definedXml: { args: [id: string]; result: string };
  defineDomain: { args: [xml: string]; result: null };
  /** A transient domain: gone when it ends. */
  createDomain: { args: [xml: string]; result: null };
  startDomain: { args: [id: string, flags: number]; result: null };
  destroyDomain: { args: [id: string]; result: null };
  undefineDomain: { args: [id: string, flags: number]; result: null };
  shutDownDomain: { args: [id: string]; result: null };
  rebootDomain: { args: [id: string]; result: null };
  resetDomain: { args: [id: string]; result: null };
  suspendDomain: { args: [id: string]; result: null };
  resumeDomain: { args: [id: string]; result: null };
  injectNmi: { args: [id: string]; result: null };
  /** Of a running domain: libvirt's names and values. Example: `vcpu.0.time`. */
  domainStats: { args: [id: string]; result: DomainStats };
  setPassword: { args: [id: string, user: string, password: string]; result: null };
  /** The XML of the running domain as another host's libvirt accepts it. */
  migratableXml: { args: [id: string]; result: string };
  /** Returns when the domain runs on the other host. */
  migrateDomain: { args: [id: string, how: Migration]; result: null };
  /** The most milliseconds that a guest which is being sent may stand still. */
  setMaxDowntime: { args: [id: string, milliseconds: number]; result: null };
  /** Of the running job, or none: null. Names as in libvirt. */
  jobStats: { args: [id: string]; result: DomainStats | null };
  abortJob: { args: [id: string]; result: null };
  saveDomain: { args: [id: string, flags: number]; result: null };
  forgetSaved: { args: [id: string]; result: null };
  attachDevice: { args: [id: string, xml: string, flags: number]; result: null };
  detachDevice: { args: [id: string, xml: string, flags: number]; result: null };
  setMetadata: {
    args: [id: string, element: { xml: string; key: string; uri: string }, flags: number];
    result: null;
  };
  listNetworks: { args: []; result: { name: string; isActive: boolean }[] };
  defineNetwork: { args: [xml: string]; result: null };
  startNetwork: { args: [name: string]; result: null };
  destroyNetwork: { args: [name: string]; result: null };
  undefineNetwork: { args: [name: string]; result: null };
  /** Names of node devices. Example: `pci_0000_01_10_2`, `net_enp1s0v1_1a_14_6c_27_1b_47`. */
  listNodeDevices: { args: [flags: number]; result: string[] };
  /** Omits devices that are gone. */
  nodeDeviceXmls: { args: [names: readonly string[]]; result: { name: string; xml: string }[] };
}

export type ProcedureName = keyof Procedures;

export interface CallMessage {
  id: number;
  procedure: ProcedureName;
  args: unknown[];
}

/** A failure has libvirt's code and domain; both 0 where libvirt itself did not fail. */
export interface WireFailure {
  code: number;
  domain: number;
  text: string;
  call: string;
}

/** An event of libvirt about a domain. */
export type DomainEvent =
  | { what: 'lifecycle'; id: string; event: number; detail: number }
  | { what: 'rebooted'; id: string }
  /** It is being sent, and QEMU has requested it to release the devices that have standbys. */
  | { what: 'to-standby'; id: string }
  | { what: 'device-removed' | 'device-stayed'; id: string; alias: string };

export type ChildMessage =
  | { is: 'result'; id: number; value: unknown }
  | { is: 'failure'; id: number; failure: WireFailure }
  | { is: 'event'; event: DomainEvent }
  /** The node device of this name was added, removed or changed. */
  | { is: 'node-device'; name: string }
  /**
   * `connecting`: the connection broke and is being reopened; `unreachable`: that failed, and is
   * retried later.
   */
  | { is: 'connecting' | 'connected' }
  | { is: 'unreachable'; problem: string }
  /** The reply to `ping`: the process is not hung, whatever its calls do. */
  | { is: 'alive' }
  | { is: 'closed' };

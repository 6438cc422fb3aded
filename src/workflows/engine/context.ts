/** Shared dependencies of all workflows. */
import type { Clock, NewId } from '#contracts/clock.ts';
import type { ClusterAuthority } from '#contracts/host/identity/cluster-authority.ts';
import type { ImageService, ImageWriter } from '#contracts/services/images.ts';
import type { Log } from '#contracts/log.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import type { Store } from '#contracts/store/store.ts';
import type { Wakeup } from '#contracts/wakeup.ts';
import type { PciAlias } from '#core/pci/requests/alias.ts';
import type { CardPreference } from '#core/pci/claims/card-preference.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';
import type { Weights } from '#core/scheduling/weights.ts';
import type { FleetView } from '../hosts/fleet-view.ts';
import type { DirectTasks } from './direct-tasks.ts';
import type { TaskRun } from './task-run.ts';
import type { HostLinks } from '../hosts/host-links.ts';
import type { HostStateSettings } from '../hosts/host-state.ts';

export interface WorkflowContext {
  store: Store;
  network: NetworkService;
  images: ImageService & ImageWriter;
  wakeup: Wakeup;
  clock: Clock;
  newId: NewId;
  log: Log;
  settings: WorkflowSettings;
  /** The configured quotas of a project; the store has what administrators set. */
  configuredQuotas: (projectId: string) => ConfiguredQuotas;
  /** Tasks that this process runs at once. */
  direct: DirectTasks;
  /** This process's view of the hosts, for decisions. */
  fleet: FleetView;
  /** While the steps of a task run: what they need not read. */
  run?: TaskRun;
  /** The hosts that are linked to this process. */
  links: HostLinks;
  /** Signs the certificates of hosts. */
  authority: ClusterAuthority;
  /** The controllers that share the database; absent: this process is the only one. */
  peers?: Peers;
}

/** The controllers that are alive. */
export interface Peers {
  /** Of this one. */
  id: string;
  /** How many there are, with this one. */
  count: number;
  /** Whether this is the one that does what one is enough for. */
  isFirst(): boolean;
  /** Whether one of them has another version than this one, as during an upgrade. */
  hasOtherVersion(): boolean;
}

export interface WorkflowSettings extends HostStateSettings {
  /**
   * A host whose agent has been silent for longer is down: nothing is placed there. In
   * milliseconds.
   */
  hostTimeoutMs: number;
  /**
   * What waits for a host that has been silent for longer fails with that reason, in milliseconds.
   */
  hostLostMs: number;
  /** Flavor aliases by name (`[pci] alias`). */
  aliases: readonly PciAlias[];
  /** Hosts tried for one server before it goes to ERROR. */
  bootAttempts: number;
  /** May a resized server stay on its host, where no other can take it? */
  resizesWithinHost: boolean;
  /** How long to wait for another party to wire a port, in milliseconds; 0: not at all. */
  plugTimeoutMs: number;
  /** Which of several similar cards a VF comes from; undefined: the one with the lowest address. */
  cardPreference: CardPreference | undefined;
  /** The weight of each weigher in the choice of a host. */
  weights: Weights;
}

/** What every workflow may use. */
import type { Clock, NewId } from '#contracts/clock.ts';
import type { ImageService } from '#contracts/images.ts';
import type { Log } from '#contracts/log.ts';
import type { NetworkService } from '#contracts/network.ts';
import type { Store } from '#contracts/store.ts';
import type { Wakeup } from '#contracts/wakeup.ts';
import type { PciAlias } from '#core/pci/alias.ts';

export interface WorkflowContext {
  store: Store;
  network: NetworkService;
  images: ImageService;
  wakeup: Wakeup;
  clock: Clock;
  newId: NewId;
  log: Log;
  settings: WorkflowSettings;
}

export interface WorkflowSettings {
  /** Flavor aliases by name (`[pci] alias`). */
  aliases: readonly PciAlias[];
  /** A host whose agent has been silent for longer is not scheduled to. */
  hostTimeoutMs: number;
  /** Hosts tried for one server before it goes to ERROR. */
  bootAttempts: number;
  /** How often a host's amounts may be promised. */
  allocationRatios: { vcpus: number; memory: number; disk: number };
}

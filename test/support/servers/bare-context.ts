/** What a step of a workflow needs that calls no other service. */
import { clusterAuthority } from '#integrations/cluster-authority/cluster-authority.ts';
import { noLimits } from '#core/quotas/limits.ts';
import { standardWeights } from '#core/scheduling/weights.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { DirectTasks } from '#workflows/engine/direct-tasks.ts';
import { FleetView } from '#workflows/hosts/fleet-view.ts';
import { HostLinks } from '#workflows/hosts/host-links.ts';
import { silentLog } from '../silent-log.ts';

/** Over this store, with the standard settings. */
export function bareContext(store: WorkflowContext['store']): WorkflowContext {
  const clock = { now: Date.now };
  const hostTimeoutMs = 3_600_000;
  return {
    store,
    network: {} as WorkflowContext['network'],
    images: {} as WorkflowContext['images'],
    wakeup: { notify: () => undefined, listen: () => () => undefined },
    clock,
    newId: () => crypto.randomUUID(),
    log: silentLog,
    configuredQuotas: () => ({ standard: noLimits, exceptions: {} }),
    direct: new DirectTasks(),
    fleet: new FleetView(),
    links: new HostLinks({ clock, monotonic: clock, hostTimeoutMs }),
    authority: clusterAuthority({ store: store.authority, clock, hostLifeMs: 1 }),
    settings: {
      aliases: [],
      hostTimeoutMs,
      hostLostMs: hostTimeoutMs,
      bootAttempts: 3,
      resizesWithinHost: true,
      plugTimeoutMs: 0,
      cardPreference: undefined,
      weights: standardWeights,
      allocationRatios: { vcpus: 4, memory: 1, disk: 1 },
    },
  };
}

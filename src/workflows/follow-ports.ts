/** Workflow of one step: NICs of an idle server follow their ports, which have other addresses now. It calls nobody, so it is over at once. */
import { canonicalText } from '#core/canonical-text.ts';
import type { Vif } from '#core/networking/vif.ts';
import type { Server } from '#core/servers/server.ts';
import { beginByItself } from './begin-by-itself.ts';
import type { WorkflowContext } from './context.ts';
import { serverOf } from './server-of.ts';
import type { Workflow } from './workflow.ts';

/** What was found: of each NIC the VIF it was compared with, and what it becomes. `upTo`: the last event before that look. */
export interface PortNews extends Record<string, unknown> {
  moved: { nicId: string; before: Vif; now: Vif }[];
  upTo: number;
}

/** Begins it; nothing done while another workflow runs for the server. */
export async function beginFollowingPorts(
  context: WorkflowContext,
  server: Server,
  data: PortNews,
): Promise<void> {
  await beginByItself(context, server, {
    kind: 'follow-ports',
    step: 'follow',
    data,
    action: null,
  });
}

/** The workflow behind it. A NIC that another workflow has changed since is left to the next look: the events stay. */
export const followPortsWorkflow: Workflow = {
  steps: {
    follow: {
      async run(context, task) {
        const { moved, upTo } = task.data as PortNews;
        const { nics } = await serverOf(context, task);
        const changed = moved.flatMap(({ nicId, before, now }) => {
          const nic = nics.find(({ id }) => id === nicId);
          const isSame = nic !== undefined && canonicalText(nic.vif) === canonicalText(before);
          return isSame ? [{ ...nic, vif: now }] : [];
        });
        if (changed.length < moved.length) return { next: null };
        return { nics: changed, seenEvents: { kinds: ['changed'], upTo }, next: null };
      },
    },
  },
  failed: async () => ({ next: null }),
};

/** The steps of one boot's time, as the server's action records them. */
import { microversion } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';

interface ActionView {
  action: string;
  request_id: string;
  start_time: string;
  events: { event: string; start_time: string; finish_time: string | null }[];
}

/**
 * Each step's part of the time from the acceptance of a boot to its last event; `between` is what
 * no event covers.
 */
export async function stepShares(
  session: Session,
  servers: readonly string[],
): Promise<Map<string, number>> {
  const spent = new Map<string, number>();
  let whole = 0;
  let covered = 0;
  for (const server of servers) {
    const action = await createAction(session, server);
    const ends = action.events.map((event) => epochMs(event.finish_time ?? event.start_time));
    whole += Math.max(...ends) - epochMs(action.start_time);
    action.events.forEach((event, at) => {
      const took = (ends[at] ?? 0) - epochMs(event.start_time);
      spent.set(event.event, (spent.get(event.event) ?? 0) + took);
      covered += took;
    });
  }
  spent.set('between', whole - covered);
  return new Map([...spent].map(([step, took]) => [step, took / whole]));
}

async function createAction(session: Session, server: string): Promise<ActionView> {
  const get = <T>(path: string) => request<T>(session, { service: 'compute', path, microversion });
  const path = `/servers/${server}/os-instance-actions`;
  const { instanceActions } = await get<{ instanceActions: ActionView[] }>(path);
  const created = instanceActions.find((one) => one.action === 'create');
  if (created === undefined) throw new Error(`server ${server}: no create action`);
  const reply = await get<{ instanceAction: ActionView }>(`${path}/${created.request_id}`);
  return reply.instanceAction;
}

/** The API's times are UTC without a zone. */
function epochMs(time: string): number {
  return Date.parse(time.endsWith('Z') ? time : `${time}Z`);
}

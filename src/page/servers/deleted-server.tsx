/** A server that is no longer there: when it was deleted, and what is recorded of it. */
import type { DecisionView } from '#client/shapes/explain.ts';
import { compute, type ServerAction, type ServerDetail } from '../data/compute.ts';
import { get } from '../data/request.ts';
import { DecisionMatrix } from '../decisions/decision-matrix.tsx';
import { dayTime, epochMs } from '../parts/time.ts';
import { Actions } from './actions.tsx';

export interface DeletedReading {
  /** Newest first. */
  actions: ServerAction[];
  /** For administrators. */
  server: ServerDetail | undefined;
  /** Its newest; for administrators, while it is kept. */
  decision: DecisionView | undefined;
}

/** Throws a `Refusal` for a server that was never there, or is forgotten. */
export async function readDeleted(
  id: string,
  seesHosts: boolean,
  signal: AbortSignal,
): Promise<DeletedReading> {
  const actions = compute<{ instanceActions: ServerAction[] }>(
    `/servers/${encodeURIComponent(id)}/os-instance-actions`,
    { signal },
  );
  const known = { actions: (await actions).instanceActions, server: undefined };
  if (!seesHosts) return { ...known, decision: undefined };
  const query = new URLSearchParams({ all_tenants: '1', deleted: 'true', uuid: id }).toString();
  const [{ servers }, { decisions }] = await Promise.all([
    compute<{ servers: ServerDetail[] }>(`/servers/detail?${query}`, { signal }),
    get('/decisions', { query: { instance_uuid: id, limit: '1' }, signal }),
  ]);
  const path = { id: String(decisions[0]?.id) };
  const newest = decisions[0] && (await get('/decisions/:id', { path, signal }));
  return { ...known, server: servers[0], decision: newest?.decision };
}

export function DeletedServer({ id, known }: { id: string; known: DeletedReading }) {
  const { actions, server, decision } = known;
  const end = actions.find(({ action }) => action === 'delete');
  return (
    <>
      <div class="head">
        <h1 class="break">{server?.name ?? 'Server'}</h1>
        <p class="lead">DELETED</p>
      </div>
      <p class="message note">
        This server was deleted
        {end !== undefined && ` on ${dayTime(epochMs(end.start_time))}`}. Its ports and devices are
        released. What is recorded of it is kept for some time.
      </p>
      <dl class="facts part">
        <div>
          <dt>ID</dt>
          <dd class="mono break">{id}</dd>
        </div>
        {server !== undefined && (
          <>
            <div>
              <dt>Requested</dt>
              <dd>{dayTime(server.created)}</dd>
            </div>
            <div>
              <dt>Project</dt>
              <dd class="mono break">{server.tenant_id}</dd>
            </div>
          </>
        )}
      </dl>
      {decision !== undefined && (
        <section class="part">
          <h2>{decision.chosen === null ? 'Why no host was found' : 'The newest decision'}</h2>
          <DecisionMatrix decision={decision} />
        </section>
      )}
      <section class="part">
        <h2>What was done</h2>
        <Actions serverId={id} actions={actions} status="DELETED" explained={undefined} />
      </section>
      <p class="part">
        <a href="/ui/servers">All servers</a>
      </p>
    </>
  );
}

/** The actions of a server, and the timeline of the newest, or of the one in the address. */
import type { ExplainReply } from '#client/shapes/explain.ts';
import { compute, type ServerAction } from '../data/compute.ts';
import { Choice } from '../parts/choice.tsx';
import { Message } from '../parts/message.tsx';
import { usePolled } from '../parts/polled.ts';
import { useQuery } from '../parts/query.ts';
import { dayTime, epochMs } from '../parts/time.ts';
import { timelineOf } from './timeline.ts';
import { TimelineView } from './timeline-view.tsx';

interface ActionsProps {
  serverId: string;
  /** Newest first. */
  actions: readonly ServerAction[];
  status: string;
  explained: ExplainReply | undefined;
}

/** Actions that start the guest on its host again. */
const starts = new Set([
  'create',
  'rebuild',
  'resize',
  'migrate',
  'evacuate',
  'unshelve',
  'reboot',
]);

export function Actions({ serverId, actions, status, explained }: ActionsProps) {
  const [query, setQuery] = useQuery();
  const newest = actions[0];
  const chosen = actions.find(({ request_id: id }) => id === query['action']) ?? newest;
  const { value: action, refusal } = usePolled({
    key: chosen === undefined ? '' : `${chosen.request_id} ${chosen.updated_at}`,
    read: (signal) => readAction(serverId, chosen?.request_id ?? '', signal),
  });
  if (chosen === undefined) return <p class="muted">Nothing has been recorded.</p>;
  const startedBy = actions.find(({ action: name }) => starts.has(name));
  const hasSteps = startedBy?.request_id === action?.request_id;
  return (
    <>
      {actions.length > 1 && (
        <div class="filters">
          <Choice
            label="Action"
            value={chosen.request_id}
            options={actions.map((one): [string, string] => [
              one.request_id,
              `${one.action}, ${dayTime(epochMs(one.start_time))}`,
            ])}
            onChoose={(id) => setQuery({ action: id === newest?.request_id ? '' : id })}
          />
        </div>
      )}
      <Message text={refusal} />
      {action !== undefined && (
        <>
          <p class="muted">
            <code>{action.action}</code>, begun {dayTime(epochMs(action.start_time))}, request{' '}
            <code class="break">{action.request_id}</code>
          </p>
          {action.message !== null && !action.events.some(({ result }) => result === 'Error') && (
            <p class="alarm">{action.message}</p>
          )}
          <TimelineView
            timeline={timelineOf(action, {
              decisions: explained?.decisions ?? [],
              steps: hasSteps ? (explained?.spawn_steps ?? []) : [],
              status,
            })}
          />
        </>
      )}
    </>
  );
}

async function readAction(serverId: string, requestId: string, signal: AbortSignal) {
  const path = `/servers/${serverId}/os-instance-actions/${encodeURIComponent(requestId)}`;
  const { instanceAction } = await compute<{ instanceAction: ServerAction }>(path, { signal });
  return instanceAction;
}

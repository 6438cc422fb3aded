/** One refused decision: a line, and when it is open its matrix. */
import type { DecisionSummary } from '#client/shapes/explain.ts';
import { get } from '../data/request.ts';
import { DecisionMatrix } from '../decisions/decision-matrix.tsx';
import { Message } from '../parts/message.tsx';
import { usePolled } from '../parts/polled.ts';
import { dayTime } from '../parts/time.ts';

interface DecisionProps {
  id: string;
  /** Where it is in the list. */
  summary?: DecisionSummary;
  isOpen: boolean;
  /** '' closes it. */
  onChoose: (id: string) => void;
}

export function RefusedDecision({ id, summary, isOpen, onChoose }: DecisionProps) {
  return (
    <details
      class="refused"
      open={isOpen}
      onToggle={(event) => {
        const { open } = event.currentTarget;
        if (open !== isOpen) onChoose(open ? id : '');
      }}
    >
      <summary>{summary === undefined ? `Decision ${id}` : <Line summary={summary} />}</summary>
      {isOpen && <Matrix id={id} />}
    </details>
  );
}

function Line({ summary }: { summary: DecisionSummary }) {
  const { decided_at: at, refusals, attempt } = summary;
  return (
    <>
      {dayTime(at)}
      {attempt > 1 && `, attempt ${attempt}`}
      <span class="why">{refusals.map(refusalText).join('; ')}</span>
    </>
  );
}

function refusalText({ filter, message, hosts }: DecisionSummary['refusals'][number]): string {
  return `${filter}: ${message} (${hosts} ${hosts === 1 ? 'host' : 'hosts'})`;
}

async function readDecision(id: string, signal: AbortSignal) {
  const { decision } = await get('/decisions/:id', { path: { id }, signal });
  const server = await get('/servers/:id/explain', {
    path: { id: decision.instance_uuid },
    signal,
  }).then(
    ({ server: { name } }) => name,
    () => decision.instance_uuid,
  );
  return { decision, server };
}

/** Decisions never change. */
function Matrix({ id }: { id: string }) {
  const { value, refusal } = usePolled({ key: id, read: (signal) => readDecision(id, signal) });
  if (value === undefined) return <Message text={refusal} />;
  const { decision, server } = value;
  return (
    <div class="inside">
      <p>
        Server <a href={`/ui/servers/${decision.instance_uuid}`}>{server}</a>, decided{' '}
        {dayTime(decision.decided_at)}
      </p>
      <DecisionMatrix decision={decision} />
    </div>
  );
}

/** Boots that found no host: counted by reason, and each with the matrix of its decision. */
import type { DecisionSummary, RefusalsReply } from '#client/shapes/explain.ts';
import { get } from '../data/request.ts';
import { filterMeanings } from '../decisions/filter-names.ts';
import { Message } from '../parts/message.tsx';
import { usePolled } from '../parts/polled.ts';
import { useQuery } from '../parts/query.ts';
import { dayTime } from '../parts/time.ts';
import { RefusedDecision } from './refused-decision.tsx';
import './refusals.css';

const perPage = '50';

export function RefusalsPage() {
  const [query, setQuery] = useQuery();
  const { before = '', reason = '', decision = '' } = query;
  const counted = usePolled({
    key: 'counted',
    read: (signal) => get('/decisions/refusals', { signal }),
    everyMs: 5_000,
  });
  const listed = usePolled({
    key: `listed ${before}`,
    read: (signal) =>
      get('/decisions', { query: { refused: 'true', limit: perPage, marker: before }, signal }),
    everyMs: 5_000,
  });
  const counts = counted.value;
  const all = listed.value?.decisions ?? [];
  const shown = all.filter((one) => reason === '' || reasonsOf(one).includes(reason));
  const isElsewhere = decision !== '' && !shown.some(({ id }) => String(id) === decision);
  const choose = (id: string) => setQuery({ decision: id });
  return (
    <>
      <div class="head">
        <h1>Refusals</h1>
        {counts !== undefined && <p class="muted">{spanText(counts)}</p>}
      </div>
      <Message text={counted.refusal || listed.refusal} note="Trying again." />
      {counts?.decisions === 0 && (
        <p class="empty">
          No boot has been refused because no host could take it. Refusals are kept as long as their
          server.
        </p>
      )}
      {counts !== undefined && counts.decisions > 0 && (
        <Reasons counts={counts} chosen={reason} onChoose={(key) => setQuery({ reason: key })} />
      )}
      {isElsewhere && <RefusedDecision id={decision} isOpen onChoose={choose} />}
      {listed.value !== undefined && counts?.decisions !== 0 && (
        <section class="part">
          <h2>{reason === '' ? 'Newest first' : `With the reason ${reason.replace('/', ': ')}`}</h2>
          {shown.length === 0 && <p class="muted">None of these {all.length} has this reason.</p>}
          {shown.map((one) => (
            <RefusedDecision
              key={one.id}
              id={String(one.id)}
              summary={one}
              isOpen={String(one.id) === decision}
              onChoose={choose}
            />
          ))}
          <p class="buttons">
            {before !== '' && (
              <button type="button" onClick={() => setQuery({ before: '' })}>
                Newest
              </button>
            )}
            {listed.value.decisions_links !== undefined && (
              <button type="button" onClick={() => setQuery({ before: String(all.at(-1)?.id) })}>
                Older
              </button>
            )}
          </p>
        </section>
      )}
    </>
  );
}

const keyOf = ({ filter, code }: { filter: string; code: string }) => `${filter}/${code}`;

function reasonsOf({ refusals }: DecisionSummary): string[] {
  return refusals.map(keyOf);
}

function spanText({ decisions, first_at: first, last_at: last }: RefusalsReply): string {
  if (first === null || last === null) return '';
  const count = decisions === 1 ? 'One' : `The newest ${decisions}`;
  return decisions === 1 ? `${count}, ${dayTime(last)}` : `${count}, since ${dayTime(first)}`;
}

interface ReasonsProps {
  counts: RefusalsReply;
  /** '' for none. */
  chosen: string;
  onChoose: (reason: string) => void;
}

function Reasons({ counts, chosen, onChoose }: ReasonsProps) {
  return (
    <div class="wide" role="region" aria-label="Refusals by reason" tabIndex={0}>
      <table class="reasons">
        <thead>
          <tr>
            <th scope="col">Reason</th>
            <th scope="col">Filter</th>
            <th scope="col" class="number">
              Boots
            </th>
            <th scope="col" class="number">
              Hosts
            </th>
            <th scope="col">Newest</th>
            <th scope="col">Its message</th>
          </tr>
        </thead>
        <tbody>
          {counts.refusals.map((one) => {
            const key = keyOf(one);
            return (
              <tr key={key}>
                <th scope="row">
                  <button
                    type="button"
                    class="plain"
                    aria-pressed={key === chosen}
                    onClick={() => onChoose(key === chosen ? '' : key)}
                  >
                    {one.code}
                  </button>
                </th>
                <td>
                  {one.filter} <small>{filterMeanings[one.filter]}</small>
                </td>
                <td class="number">{one.decisions.toLocaleString('en')}</td>
                <td class="number">{one.hosts.toLocaleString('en')}</td>
                <td>{dayTime(one.decided_at)}</td>
                <td>
                  {one.host}: {one.message}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

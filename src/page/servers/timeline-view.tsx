/** The timeline of one action as a table with bars. */
import { durationText } from '../parts/time.ts';
import type { Timeline, TimelineRow } from './timeline.ts';

export function TimelineView({ timeline }: { timeline: Timeline }) {
  const { rows, length } = timeline;
  if (rows.length === 0) return <p class="muted">No step has been recorded.</p>;
  return (
    <div class="wide" role="region" aria-label="Timeline" tabIndex={0}>
      <table class="waterfall">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col" class="bars">
              0 to {durationText(length)}
            </th>
            <th scope="col" class="number">
              Takes
            </th>
            <th scope="col" class="number">
              Begins at
            </th>
            <th scope="col" class="result">
              Result
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <Row key={at} row={row} length={length} />
          ))}
        </tbody>
      </table>
      {rows.some(({ isStep }) => isStep) && (
        <p class="muted note">The host measures its steps; its clock begins with the request.</p>
      )}
    </div>
  );
}

function Row({ row, length }: { row: TimelineRow; length: number }) {
  const { label, detail, from, to, isError, isStep, isEnd } = row;
  const end = to ?? length;
  const isPoint = to === from;
  return (
    <tr data-step={isStep}>
      <th scope="row">{label}</th>
      <td class="bars">
        <span
          aria-hidden="true"
          class="bar-of-time"
          data-result={isError ? 'error' : to === null ? 'running' : 'ok'}
          style={{
            marginInlineStart: `${(from / length) * 100}%`,
            width: `${((end - from) / length) * 100}%`,
          }}
        />
      </td>
      <td class="number">{to === null ? 'running' : isPoint ? '' : durationText(to - from)}</td>
      <td class="number">{durationText(from)}</td>
      <td class={isError ? 'alarm result' : 'result'}>
        {isError && !isEnd && 'Failed. '}
        {detail}
      </td>
    </tr>
  );
}

/** A decision as a matrix: which filter refused which host, and why. */
import type { DecisionView } from '#client/shapes/explain.ts';
import { hostPath } from '../parts/host-path.ts';
import { filterMeanings, filterRank } from './filter-names.ts';
import { type RefusedGroup, refusedGroups, refusingFilters } from './refused-groups.ts';
import './decisions.css';

/** Groups beyond are counted. */
const mostGroups = 40;
const namesShown = 3;

type Shown = Pick<DecisionView, 'candidates' | 'rejections' | 'chosen'>;

export function DecisionMatrix({ decision }: { decision: Shown }) {
  const { candidates, rejections } = decision;
  if (candidates.length + rejections.length === 0) {
    return <p class="muted">There was no host at all.</p>;
  }
  const filters = refusingFilters(rejections);
  const groups = refusedGroups(rejections);
  const more = groups.slice(mostGroups).reduce((sum, { hosts }) => sum + hosts.length, 0);
  return (
    <div class="wide" role="region" aria-label="Hosts by filter" tabIndex={0}>
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">Host</th>
            {filters.map((filter) => (
              <th key={filter} scope="col" title={filterMeanings[filter]}>
                {filter}
              </th>
            ))}
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {candidates.length > 0 && (
            <tr>
              <th scope="row">
                <Hosts names={candidates.map(({ host }) => host)} />
              </th>
              {filters.map((filter) => (
                <Cell key={filter} word="passed" />
              ))}
              <td>fits{decision.chosen !== null && `; ${decision.chosen} chosen`}</td>
            </tr>
          )}
          {groups.slice(0, mostGroups).map((group, at) => (
            <GroupRow
              key={`${group.filter} ${group.hosts[0]}`}
              group={group}
              filters={filters}
              isNearest={at === 0 && candidates.length === 0}
            />
          ))}
        </tbody>
      </table>
      <p class="muted note">
        ✓ passed, ✕ refused, · not reached: the first filter that refuses a host decides.
      </p>
      {more > 0 && <p class="muted">And {more.toLocaleString('en')} more hosts.</p>}
    </div>
  );
}

interface GroupProps {
  group: RefusedGroup;
  filters: readonly string[];
  isNearest: boolean;
}

function GroupRow({ group, filters, isNearest }: GroupProps) {
  const rank = filterRank(group.filter);
  return (
    <tr>
      <th scope="row">
        <Hosts names={group.hosts} />
        {isNearest && <small class="nearest">nearest miss</small>}
      </th>
      {filters.map((filter) => (
        <Cell
          key={filter}
          word={
            filter === group.filter
              ? 'refused'
              : filterRank(filter) < rank
                ? 'passed'
                : 'not reached'
          }
        />
      ))}
      <td class="reason">
        {group.messages.map((message) => (
          <div key={message}>{message}</div>
        ))}
      </td>
    </tr>
  );
}

const marks = { passed: '✓', refused: '✕', 'not reached': '·' } as const;

function Cell({ word }: { word: keyof typeof marks }) {
  return (
    <td class="mark" data-mark={word}>
      <span aria-hidden="true">{marks[word]}</span>
      <span class="visually-hidden">{word}</span>
    </td>
  );
}

/** Example: `host-1, host-2, host-3 and 97 more`. */
function Hosts({ names }: { names: readonly string[] }) {
  const more = names.length - namesShown;
  return (
    <>
      {names.slice(0, namesShown).map((name, at) => (
        <span key={name}>
          {at > 0 && ', '}
          <a href={hostPath(name)}>{name}</a>
        </span>
      ))}
      {more > 0 && ` and ${more.toLocaleString('en')} more`}
    </>
  );
}

/** `novella pci check --all-hosts`: what a device list would change on every host. */
import {
  checkResults,
  type CheckView,
  type ChecksView,
  worstResult,
} from '#client/shapes/pci-check.ts';
import { pagesOfChecks } from '#client/operator-api.ts';
import type { Session } from '#client/session/session.ts';
import { bold, type Column, tableLines } from '../terminal/table.ts';
import { wrap } from '../terminal/wrap.ts';
import { changeLines } from './pci-check-change.ts';

/** All pages as one document. */
export async function checkAllHosts(session: Session, body: object): Promise<ChecksView> {
  const hosts: CheckView[] = [];
  for await (const page of pagesOfChecks(session, body)) hosts.push(...page.hosts);
  return { result: worstResult(hosts), hosts };
}

const columns: Column<CheckView>[] = [
  { title: 'HOST', value: ({ change }) => change?.host ?? '' },
  { title: 'OFFERED', value: ({ functions }) => String(offered(functions)), align: 'right' },
  { title: 'NEW', value: ({ change }) => String(change?.appearing.length), align: 'right' },
  { title: 'LOST', value: ({ change }) => String(change?.lost.length), align: 'right' },
  { title: 'HELD', value: ({ change }) => String(heldOf(change)), align: 'right' },
  { title: 'OTHER TAGS', value: ({ change }) => String(change?.retagged.length), align: 'right' },
  { title: 'RESULT', value: ({ result }) => result },
];

/** Hosts whose changes are listed; the others are in the table. */
const mostChanged = 10;

/** A line for each host, the worst first; then what changes where; then the verdict. */
export function checkAllLines(
  { result, hosts }: ChecksView,
  style: { names: ReadonlyMap<string, string>; bold?: boolean },
): string[] {
  const heading = (text: string) => (style.bold === true ? bold(text) : text);
  if (hosts.length === 0) return ['The controller has no host.'];
  const sorted = hosts.toSorted(
    (one, other) => checkResults.indexOf(other.result) - checkResults.indexOf(one.result),
  );
  const changed = sorted.flatMap(({ change }) =>
    change !== null && changes(change) > 0 ? [change] : [],
  );
  const left = changed.length - mostChanged;
  return [
    ...refusedLines(hosts, heading),
    ...tableLines(columns, sorted, style),
    ...changed
      .slice(0, mostChanged)
      .flatMap((change) => ['', ...changeLines(change, { ...style, heading })]),
    ...(left > 0 ? ['', `and ${left} more hosts with changes; --json has them all`] : []),
    '',
    heading(verdicts[result]),
  ];
}

const verdicts = {
  fine: 'Fine: no server would lose a device.',
  problems: 'Problems: an entry is refused, or has no effect on a host. --host shows them.',
  unsafe: 'Unsafe: servers would lose a device, or its physical network or trust.',
};

/** The entries are the same for every host, and so are most refusals. */
function refusedLines(hosts: readonly CheckView[], heading: (text: string) => string): string[] {
  const refused = [...new Set(hosts.flatMap((view) => view.refused))];
  if (refused.length === 0) return [];
  return [heading('Refused'), ...refused.flatMap((message) => wrap(message, '  ')), ''];
}

function offered(functions: CheckView['functions']): number {
  return functions.filter(({ entry }) => entry !== null).length;
}

function heldOf(change: CheckView['change']): number | undefined {
  return change?.lost.filter(({ instance_uuid: id }) => id !== null).length;
}

function changes({ appearing, lost, retagged }: NonNullable<CheckView['change']>): number {
  return appearing.length + lost.length + retagged.length;
}

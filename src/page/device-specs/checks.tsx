/** What a list does: in all, then by host, then by entry and device. */
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { CheckView } from '#client/shapes/pci-check.ts';
import { HostCheck } from './host-check.tsx';

interface ChecksProps {
  reply: OperatorReply<'POST /pci/check'>;
  /** Of several pages of hosts. */
  isFirst: boolean;
  /** '' for the first. */
  onPage: (marker: string) => void;
}

export function Checks({ reply, isFirst, onPage }: ChecksProps) {
  const views = 'hosts' in reply ? reply.hosts : [reply];
  const hasMore = 'hosts_links' in reply && reply.hosts_links !== undefined;
  const refused = views[0]?.refused ?? [];
  return (
    <section class="part">
      <div aria-live="polite">
        <h2 data-result={reply.result}>{resultText(reply.result, views)}</h2>
      </div>
      {refused.length > 0 && (
        <ul class="message" aria-label="Refused entries">
          {refused.map((message) => (
            <li key={message} class="break">
              {message}
            </li>
          ))}
        </ul>
      )}
      {views.map((view) => (
        <HostCheck key={nameOf(view)} name={nameOf(view)} view={view} isOnly={views.length === 1} />
      ))}
      {(hasMore || !isFirst) && (
        <p class="buttons">
          {!isFirst && (
            <button type="button" onClick={() => onPage('')}>
              First hosts
            </button>
          )}
          {hasMore && (
            <button type="button" onClick={() => onPage(nameOf(views.at(-1)))}>
              Next hosts
            </button>
          )}
        </p>
      )}
      <p class="muted note">
        Known are the PFs and VFs that the agent of a host has reported since this controller
        started, and of its other devices those that its list in force offers. On the host itself{' '}
        <code>novella pci check</code> checks a list against all its devices.
      </p>
    </section>
  );
}

function nameOf(view: CheckView | undefined): string {
  return view?.change?.host ?? '';
}

function resultText(result: CheckView['result'], views: readonly CheckView[]): string {
  if (views.length === 0) return 'There is no host.';
  if (result === 'unsafe') {
    return 'Unsafe: a server would lose a device, or its physical network or trust.';
  }
  if (result === 'problems') return 'An entry has a problem.';
  return 'No problem.';
}

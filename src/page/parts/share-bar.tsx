/** How the devices of a host are shared out, as a bar: the numbers beside it as lengths. */
import { deviceStates, type Kind } from './device-state.ts';

const parts: readonly Kind[] = ['free', 'claimed', 'held', 'blocked', 'odd', 'bad'];

/** Hidden from screen readers: it has nothing that the row has not. */
export function ShareBar({ counts }: { counts: Record<Kind, number> }) {
  const all = parts.reduce((sum, kind) => sum + counts[kind], 0);
  return (
    <span class="share" aria-hidden="true">
      {parts
        .filter((kind) => counts[kind] > 0)
        .map((kind) => (
          <span
            key={kind}
            data-kind={kind}
            title={`${counts[kind]} ${wordOf(kind)}`}
            style={{ width: `${(counts[kind] / all) * 100}%` }}
          />
        ))}
    </span>
  );
}

function wordOf(kind: Kind): string {
  return Object.values(deviceStates)
    .filter((state) => state.kind === kind)
    .map(({ word }) => word)
    .join(' or ');
}

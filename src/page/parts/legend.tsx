/** What the letters of devices mean. */
import { deviceStates } from './device-state.ts';

export function Legend() {
  return (
    <ul class="legend" aria-label="Letters of devices">
      {Object.values(deviceStates).map(({ letter, word, kind, meaning }) => (
        <li key={letter} title={meaning}>
          <span class="cell" data-kind={kind} aria-hidden="true">
            {letter}
          </span>
          {word}
        </li>
      ))}
    </ul>
  );
}

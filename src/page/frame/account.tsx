/** Who is signed in, light or dark, and the way out. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { session, signOut } from '../data/session.ts';
import { setTheme, theme, themes } from './theme.ts';

export function Account() {
  const box = useRef<HTMLDetailsElement>(null);
  const [refusal, setRefusal] = useState('');
  useEffect(() => {
    const close = (event: Event) => {
      const isOutside =
        event instanceof PointerEvent && !box.current?.contains(event.target as Node);
      const isEscape = event instanceof KeyboardEvent && event.key === 'Escape';
      if (box.current !== null && (isOutside || isEscape)) box.current.open = false;
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  const now = session.value;
  if (now == null) return null;
  return (
    <details class="account" ref={box}>
      <summary>{now.user_name}</summary>
      <div>
        <p>
          <span class="label">Project</span>
          <br />
          {now.project_name}
        </p>
        <label class="field">
          <span>Colours</span>
          <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value)}>
            {themes.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          onClick={() => void signOut().catch((error: Error) => setRefusal(error.message))}
        >
          Sign out
        </button>
        {refusal !== '' && <p class="message">{refusal}</p>}
      </div>
    </details>
  );
}

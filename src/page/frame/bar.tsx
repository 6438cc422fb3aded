/** The bar above each page: navigation, state of the connection, account. */
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { connection } from '../data/live.ts';
import { session } from '../data/session.ts';
import { isWithin, pages } from '../pages.ts';
import { clockTime } from '../parts/time.ts';
import { Account } from './account.tsx';

export function Bar() {
  const { path } = useLocation();
  const seesHosts = session.value?.sees_hosts === true;
  const shown = pages.filter(
    ({ label, needsHosts }) => label !== undefined && (seesHosts || !needsHosts),
  );
  const nav = useRef<HTMLElement>(null);
  // On a narrow window the navigation scrolls.
  useEffect(() => {
    const current = nav.current?.querySelector('[aria-current]');
    current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [path]);
  return (
    <header class="bar">
      <a class="brand" href="/ui/">
        Novella
      </a>
      {shown.length > 0 && (
        <nav aria-label="Pages" ref={nav}>
          <ul>
            {shown.map(({ path: at, label }) => (
              <li key={at}>
                <a
                  href={at === '/ui' ? '/ui/' : at}
                  aria-current={isWithin(path, at) ? 'page' : undefined}
                >
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <div class="standing">
        {seesHosts && <Live />}
        <Account />
      </div>
    </header>
  );
}

/** Read out once when it changes, not with each heartbeat. */
function Live() {
  const shown = useRef('');
  const { isLive, asOf } = connection.value;
  shown.current = isLive ? 'Live' : lostText(asOf);
  return (
    <span class="live" role="status" data-state={isLive ? 'live' : 'lost'}>
      {shown.current}
    </span>
  );
}

function lostText(asOf: number): string {
  return asOf === 0 ? 'Connecting' : `As of ${clockTime(asOf)}, reconnecting`;
}

/** The shell: sign-in, or navigation and the page of the address. */
import { useEffect, useRef } from 'preact/hooks';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { keepLive } from '../data/live.ts';
import { session } from '../data/session.ts';
import { pages } from '../pages.ts';
import { decoded } from '../parts/decoded.ts';
import { Bar } from './bar.tsx';
import { SignIn } from './sign-in.tsx';

export function App() {
  const now = session.value;
  if (now === undefined) return <p class="empty">Connecting to the controller …</p>;
  if (now === null) return <SignIn />;
  return (
    <LocationProvider scope="/ui">
      <Frame seesHosts={now.sees_hosts} />
    </LocationProvider>
  );
}

function Frame({ seesHosts }: { seesHosts: boolean }) {
  useEffect(() => (seesHosts ? keepLive() : undefined), [seesHosts]);
  const { path } = useLocation();
  useEffect(() => {
    document.title = titleOf(path);
  }, [path]);
  useFocusOfPage(path);
  return (
    <div class="frame">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Bar />
      <main id="main" tabIndex={-1}>
        {decoded(path) !== undefined ? (
          <Router>
            {pages
              .filter(({ needsHosts }) => seesHosts || !needsHosts)
              .map(({ path: at, component }) => (
                <Route key={at} path={at} component={component} />
              ))}
            <Route default component={seesHosts ? NotFound : NothingForMembers} />
          </Router>
        ) : (
          <NotFound />
        )}
      </main>
    </div>
  );
}

/**
 * The reader of a new page is at its start, not on a link of the old one. What is selected within
 * a page, such as a device of a host, moves nothing.
 */
function useFocusOfPage(path: string): void {
  const page = path.split('/').slice(0, 4).join('/').replace(/\/$/, '');
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current === page) return;
    shown.current = page;
    document.querySelector('main')?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [page]);
}

function titleOf(path: string): string {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .slice(1);
  const [first = 'fleet', ...others] = parts.map((part) => decoded(part) ?? part);
  const label = pages.find((page) => page.path === `/ui/${first}`)?.label ?? 'Fleet';
  return [...others.toReversed(), label, 'Novella'].join(' · ');
}

function NotFound() {
  return (
    <div class="empty">
      <h1>No such page</h1>
      <p>
        Nothing is at this address. <a href="/ui/">Show the fleet</a>
      </p>
    </div>
  );
}

function NothingForMembers() {
  return (
    <div class="empty">
      <h1>Nothing to show</h1>
      <p>
        Hosts and their devices are for administrators. Sign in as one to see them, or{' '}
        <a href="/ui/servers">show the servers</a> of this project.
      </p>
    </div>
  );
}

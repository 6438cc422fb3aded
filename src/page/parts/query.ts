/** State of a page in its address, so that a link shows the same. */
import { useLocation } from 'preact-iso/router';

type Query = Record<string, string>;

/**
 * The query of the address, and how to change it: an empty value is left out. Example: `const
 * [query, setQuery] = useQuery(); setQuery({ zone: 'nova' })`.
 */
export function useQuery(): [query: Query, setQuery: (change: Query) => void] {
  const { query, path, route } = useLocation();
  const setQuery = (change: Query) => {
    const kept = Object.entries({ ...query, ...change }).filter(([, value]) => value !== '');
    const text = new URLSearchParams(kept).toString();
    route(text === '' ? path : `${path}?${text}`, true);
  };
  return [query, setQuery];
}

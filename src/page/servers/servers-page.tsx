/** Servers: one's own, or for administrators those of all projects with their hosts. */
import { compute, type ServerDetail, type ServerPage } from '../data/compute.ts';
import { session } from '../data/session.ts';
import { Choice } from '../parts/choice.tsx';
import { hostPath } from '../parts/host-path.ts';
import { Message } from '../parts/message.tsx';
import { usePolled } from '../parts/polled.ts';
import { useQuery } from '../parts/query.ts';
import { SearchField } from '../parts/search-field.tsx';
import { dayTime } from '../parts/time.ts';
import { addressesOf } from './server-addresses.ts';
import { StatusWord } from './status-word.tsx';
import './servers.css';

/** Unless the address has a `limit`. */
const perPage = 100;

const statuses = ['ACTIVE', 'BUILD', 'ERROR', 'SHUTOFF', 'MIGRATING', 'VERIFY_RESIZE', 'PAUSED'];

const asksFor = ['name', 'status', 'host', 'after'] as const;

export function ServersPage() {
  const seesHosts = session.value?.sees_hosts === true;
  const [query, setQuery] = useQuery();
  const path = listPath(query, seesHosts);
  const { value, refusal } = usePolled({
    key: path,
    read: (signal) => compute<ServerPage>(path, { signal }),
    everyMs: 3_000,
  });
  const isFiltered = asksFor.some((key) => key in query);
  return (
    <>
      <div class="head">
        <h1>Servers</h1>
        <p class="muted">{seesHosts ? 'Of all projects' : 'Of this project'}</p>
      </div>
      <search class="filters">
        <SearchField
          label="Name contains"
          value={query['name'] ?? ''}
          onInput={(name) => setQuery({ name, after: '' })}
        />
        <Choice
          label="Status"
          value={query['status'] ?? ''}
          options={[['', 'Any'], ...statuses.map((one): [string, string] => [one, one])]}
          onChoose={(status) => setQuery({ status, after: '' })}
        />
        {seesHosts && (
          <SearchField
            label="Host"
            value={query['host'] ?? ''}
            onInput={(host) => setQuery({ host, after: '' })}
          />
        )}
        {isFiltered && (
          <button
            type="button"
            onClick={() => setQuery({ name: '', status: '', host: '', after: '' })}
          >
            Clear filters
          </button>
        )}
      </search>
      <Message text={refusal} note="Trying again." />
      {value === undefined
        ? refusal === '' && <p class="empty">Reading the servers …</p>
        : shown(value, { isFiltered, seesHosts, setQuery })}
    </>
  );
}

interface Shown {
  isFiltered: boolean;
  seesHosts: boolean;
  setQuery: (change: Record<string, string>) => void;
}

function shown(page: ServerPage, { isFiltered, seesHosts, setQuery }: Shown) {
  const { servers, servers_links: links = [] } = page;
  if (servers.length === 0) {
    return (
      <p class="empty">
        {isFiltered
          ? 'No server matches. Change or clear the filters.'
          : 'There is no server yet. A server appears here as soon as its boot is accepted.'}
      </p>
    );
  }
  const hasMore = links.some(({ rel }) => rel === 'next');
  return (
    <>
      <ServerTable servers={servers} seesHosts={seesHosts} />
      {hasMore && (
        <p>
          <button type="button" onClick={() => setQuery({ after: servers.at(-1)?.id ?? '' })}>
            Next servers
          </button>
        </p>
      )}
    </>
  );
}

/** The name is a pattern in the API; here it is plain text. */
function listPath(query: Record<string, string>, seesHosts: boolean): string {
  const { name = '', status = '', host = '', after = '', limit = String(perPage) } = query;
  const given = {
    limit,
    ...(seesHosts && { all_tenants: '1' }),
    ...(name !== '' && { name: name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`) }),
    ...(status !== '' && { status }),
    ...(seesHosts && host !== '' && { host }),
    ...(after !== '' && { marker: after }),
  };
  return `/servers/detail?${new URLSearchParams(given).toString()}`;
}

function ServerTable({ servers, seesHosts }: { servers: ServerDetail[]; seesHosts: boolean }) {
  return (
    <div class="server-table" role="region" aria-label="Servers" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col">Status</th>
            {seesHosts && <th scope="col">Host</th>}
            <th scope="col">Addresses</th>
            <th scope="col">Flavor</th>
            <th scope="col">Requested</th>
            {seesHosts && <th scope="col">Project</th>}
            <th scope="col">Fault</th>
          </tr>
        </thead>
        <tbody>
          {servers.map((server) => (
            <ServerRow key={server.id} server={server} seesHosts={seesHosts} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ServerRow({ server, seesHosts }: { server: ServerDetail; seesHosts: boolean }) {
  const host = server['OS-EXT-SRV-ATTR:host'] ?? null;
  return (
    <tr>
      <th scope="row" title={server.name}>
        <a href={`/ui/servers/${server.id}`}>{server.name}</a>
      </th>
      <td>
        <StatusWord server={server} />
      </td>
      {seesHosts && <td>{host === null ? '–' : <a href={hostPath(host)}>{host}</a>}</td>}
      <td>{addressesOf(server).join(', ') || '–'}</td>
      <td>{server.flavor.original_name}</td>
      <td>{dayTime(server.created)}</td>
      {seesHosts && (
        <td class="mono project" title={server.tenant_id}>
          {server.tenant_id}
        </td>
      )}
      <td class="fault" title={server.fault?.message}>
        {server.fault?.message ?? ''}
      </td>
    </tr>
  );
}

/** One server: status, fault, NICs down to the host, what was done to it, consoles, its XML. */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useRoute } from 'preact-iso/router';
import type { ExplainReply } from '#client/shapes/explain.ts';
import { get, Refusal } from '../data/request.ts';
import {
  compute,
  type InterfaceDetail,
  type ServerAction,
  type ServerDetail,
} from '../data/compute.ts';
import { session } from '../data/session.ts';
import { DecisionMatrix } from '../decisions/decision-matrix.tsx';
import { hostPath } from '../parts/host-path.ts';
import { Message } from '../parts/message.tsx';
import { usePolled } from '../parts/polled.ts';
import { dayTime } from '../parts/time.ts';
import { Actions } from './actions.tsx';
import { Consoles } from './consoles.tsx';
import { DeletedServer, type DeletedReading, readDeleted } from './deleted-server.tsx';
import { NicChains } from './nic-chain.tsx';
import { StatusWord } from './status-word.tsx';
import './servers.css';

interface Reading {
  server: ServerDetail;
  /** Newest first. */
  actions: ServerAction[];
  interfaces: InterfaceDetail[];
  /** For administrators. */
  explained: ExplainReply | undefined;
}

/** One that is there, or one that was. Throws a `Refusal`. */
async function readAny(
  id: string,
  seesHosts: boolean,
  signal: AbortSignal,
): Promise<Reading | DeletedReading> {
  const path = `/servers/${encodeURIComponent(id)}`;
  const found = await compute<{ server: ServerDetail }>(path, { signal }).catch(
    (cause: unknown) => {
      if (cause instanceof Refusal && cause.status === 404) return undefined;
      throw cause;
    },
  );
  if (found === undefined) return readDeleted(id, seesHosts, signal);
  const [{ instanceActions }, { interfaceAttachments }, explained] = await Promise.all([
    compute<{ instanceActions: ServerAction[] }>(`${path}/os-instance-actions`, { signal }),
    compute<{ interfaceAttachments: InterfaceDetail[] }>(`${path}/os-interface`, { signal }),
    seesHosts ? get('/servers/:id/explain', { path: { id }, signal }) : undefined,
  ]);
  const { server } = found;
  return { server, actions: instanceActions, interfaces: interfaceAttachments, explained };
}

export function ServerPage() {
  const id = useRoute().params['id'] ?? '';
  return <Server key={id} id={id} />;
}

function Server({ id }: { id: string }) {
  const seesHosts = session.value?.sees_hosts === true;
  const isGone = useRef(false);
  const { value, refusal } = usePolled({
    key: id,
    async read(signal) {
      if (isGone.current) return readDeleted(id, seesHosts, signal);
      const read = await readAny(id, seesHosts, signal);
      isGone.current = 'decision' in read;
      return read;
    },
    everyMs: 2_000,
  });
  if (value === undefined) {
    return (
      <>
        <div class="head">
          <h1>Server</h1>
        </div>
        <Message text={refusal} />
        {refusal === '' ? <p class="empty">Reading the server …</p> : null}
        <p>
          <a href="/ui/servers">All servers</a>
        </p>
      </>
    );
  }
  if ('decision' in value) return <DeletedServer id={id} known={value} />;
  const { server, explained } = value;
  return (
    <>
      <div class="head">
        <h1 class="break">{server.name}</h1>
        <p class="lead">
          <StatusWord server={server} />
        </p>
      </div>
      <Message text={refusal} note="What follows is older. Trying again." />
      <Facts server={server} />
      <Fault server={server} explained={explained} />
      <Section title="NICs">
        <NicChains server={server} explained={explained} interfaces={value.interfaces} />
      </Section>
      <Section title="What was done">
        <Actions
          serverId={id}
          actions={value.actions}
          status={server.status}
          explained={explained}
        />
      </Section>
      <Section title="Consoles">{consolesAre(server) ?? <Consoles serverId={id} />}</Section>
      {explained !== undefined && <DomainXml xml={explained.domain_xml} />}
    </>
  );
}

const withoutGuest = new Set(['BUILD', 'SHUTOFF', 'SUSPENDED', 'SHELVED', 'SHELVED_OFFLOADED']);

/** Why there is none; undefined: they can be opened. */
function consolesAre({ status, hostId }: ServerDetail) {
  if (hostId !== '' && !withoutGuest.has(status)) return undefined;
  return <p class="muted">The server has consoles while its guest runs.</p>;
}

function Facts({ server }: { server: ServerDetail }) {
  const { flavor } = server;
  const host = server['OS-EXT-SRV-ATTR:host'];
  return (
    <dl class="facts">
      <Fact label="ID">
        <span class="mono break">{server.id}</span>
      </Fact>
      {host !== undefined && (
        <Fact label="Host">{host === null ? 'none' : <a href={hostPath(host)}>{host}</a>}</Fact>
      )}
      <Fact label="Availability zone">{server['OS-EXT-AZ:availability_zone'] || 'none yet'}</Fact>
      <Fact label="Flavor">
        {flavor.original_name}
        <small>
          {' '}
          {flavor.vcpus} vCPU, {flavor.ram.toLocaleString('en')} MiB, {flavor.disk} GiB
        </small>
      </Fact>
      <Fact label="Requested">{dayTime(server.created)}</Fact>
      <Fact label="Project">
        <span class="mono break">{server.tenant_id}</span>
      </Fact>
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** With the matrix of the newest decision, where that found no host. */
function Fault({ server, explained }: Pick<Reading, 'server' | 'explained'>) {
  const { fault } = server;
  if (fault === undefined) return null;
  const decision = explained?.decisions.at(-1);
  return (
    <Section title="Fault">
      <p class="message">
        {explained?.server.fault?.message ?? fault.message}
        <small> {dayTime(fault.created)}</small>
      </p>
      {decision?.chosen === null && <DecisionMatrix decision={decision} />}
    </Section>
  );
}

function DomainXml({ xml }: { xml: string | null }) {
  return (
    <Section title="Domain XML">
      {xml === null ? (
        <p class="muted">No guest has been defined for this server.</p>
      ) : (
        <details>
          <summary>As the host reported it ({xml.split('\n').length} lines)</summary>
          <pre class="xml" role="region" aria-label="Domain XML" tabIndex={0}>
            {xml}
          </pre>
        </details>
      )}
    </Section>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

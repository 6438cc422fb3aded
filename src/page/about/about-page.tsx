/** What answers here: version, controllers, settings without secrets; and where to read on. */
import type { ControllerStatus } from '#client/shapes/status.ts';
import { get } from '../data/request.ts';
import { session } from '../data/session.ts';
import { Message } from '../parts/message.tsx';
import { usePolled } from '../parts/polled.ts';
import { dayTime } from '../parts/time.ts';
import './about.css';

export function AboutPage() {
  const seesHosts = session.value?.sees_hosts === true;
  const { value, refusal } = usePolled({
    key: seesHosts ? 'status' : '',
    read: (signal) => get('/status', { signal }),
    everyMs: 10_000,
  });
  return (
    <>
      <div class="head">
        <h1>About</h1>
        {value !== undefined && <p class="muted">Novella {value.controller.version}</p>}
      </div>
      <p>
        Novella runs the servers of a cloud as OpenStack's compute service does, with SR-IOV devices
        at its centre.
      </p>
      <Message text={refusal} note="Trying again." />
      {value !== undefined && <Details status={value} />}
      <Links seesHosts={seesHosts} />
    </>
  );
}

function Details({ status }: { status: ControllerStatus }) {
  const { controllers, settings, disks, tasks } = status;
  return (
    <>
      <section class="part">
        <h2>Controllers</h2>
        <div class="wide" role="region" aria-label="Controllers" tabIndex={0}>
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Version</th>
                <th scope="col">Started</th>
                <th scope="col">Answers this page</th>
              </tr>
            </thead>
            <tbody>
              {controllers.map(({ name, version, started_at: at, answers }) => (
                <tr key={`${name} ${at}`}>
                  <th scope="row">{name ?? 'the only one'}</th>
                  <td>{version}</td>
                  <td>{dayTime(at)}</td>
                  <td>{answers ? 'yes' : 'no'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <ul class="facts-list">
          {disks.map(({ uses, free_bytes: free, size_bytes: size }) => (
            <li key={uses.join()}>
              Disk of {uses.join(', ')}: {gibibytes(free)} of {gibibytes(size)} GiB free
            </li>
          ))}
          <li>
            Tasks: {tasks.running} running, {tasks.queued} queued, {tasks.waiting} waiting,{' '}
            {tasks.host} waiting for a host
          </li>
        </ul>
      </section>
      <section class="part">
        <h2>Settings</h2>
        <div class="wide" role="region" aria-label="Settings" tabIndex={0}>
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Key of novella.yaml</th>
                <th scope="col">Value</th>
              </tr>
            </thead>
            <tbody>
              {settings.map(({ key, value }) => (
                <tr key={key}>
                  <th scope="row" class="mono">
                    {key}
                  </th>
                  <td>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p class="muted note">
          Those in force on the controller that answers. Secrets are left out.
        </p>
      </section>
    </>
  );
}

function gibibytes(bytes: number): string {
  return (bytes / 1024 ** 3).toLocaleString('en', { maximumFractionDigits: 1 });
}

/** The documents come with the program; nothing here leads to another site. */
const documents = [
  ['page.md', 'this page'],
  ['operator-api.md', 'the calls that it uses'],
  ['reasons.md', 'what each reason means, and what to do'],
  ['scheduling.md', 'how a host is chosen'],
  ['device-specs.md', 'which devices a host offers'],
  ['configuration.md', 'all settings'],
  ['commands.md', 'the command novella'],
] as const;

function Links({ seesHosts }: { seesHosts: boolean }) {
  return (
    <section class="part">
      <h2>Read on</h2>
      <ul class="facts-list">
        <li>
          <a href="/openapi.json" target="_blank" rel="noopener">
            OpenAPI document of the calls
          </a>{' '}
          (new tab)
        </li>
        {seesHosts &&
          documents.map(([file, about]) => (
            <li key={file}>
              <code>docs/{file}</code>: {about}
            </li>
          ))}
      </ul>
      {seesHosts && (
        <p class="muted note">
          The documents are in the folder <code>docs</code> of the program on the controller.
        </p>
      )}
    </section>
  );
}

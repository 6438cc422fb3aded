/** Who would get the server and which devices, or why nobody. */
import type { DecisionView } from '#client/shapes/explain.ts';
import type { WhatIfHostView, WhatIfReply } from '#client/shapes/what-if.ts';
import { DecisionMatrix } from '../decisions/decision-matrix.tsx';
import { devicePath, hostPath } from '../parts/host-path.ts';
import type { Question } from './question.ts';

/** Rows beyond are counted. */
const mostRows = 100;

interface AnswerProps {
  question: Question;
  reply: WhatIfReply;
}

export function Answer({ question, reply }: AnswerProps) {
  const { decision, hosts } = reply;
  const isOne = question.count === '1';
  return (
    <>
      {reply.ended_by === 'time' && <p>The answer ended after five seconds: more may fit.</p>}
      {reply.ended_by === 'most' && <p>One answer places at most 10,000 servers: more may fit.</p>}
      {decision.chosen !== null && <Devices question={question} reply={reply} />}
      {decision.chosen !== null && isOne && <Candidates decision={decision} />}
      {decision.rejections.length > 0 && (isOne || decision.chosen === null) && (
        <>
          <h3>Refused hosts</h3>
          <DecisionMatrix decision={decision} />
        </>
      )}
      {decision.chosen !== null && !isOne && <Hosts hosts={hosts} />}
    </>
  );
}

/** Example: `It would go to host-1.` */
export function answerText({ count }: Question, { fits, decision, hosts }: WhatIfReply): string {
  if (hosts.length === 0) return 'There is no host.';
  if (count === '1') {
    return decision.chosen === null ? 'No host can take it.' : `It would go to ${decision.chosen}.`;
  }
  const number = fits.toLocaleString('en');
  const on = hosts.filter(({ servers }) => servers > 0).length;
  const place = on === 0 ? '' : `, on ${on.toLocaleString('en')} ${on === 1 ? 'host' : 'hosts'}`;
  if (count === 'max') return `${number} ${fits === 1 ? 'server fits' : 'servers fit'}${place}.`;
  const wanted = Number(count);
  if (fits >= wanted) return `All ${wanted.toLocaleString('en')} fit${place}.`;
  return `${number} of ${wanted.toLocaleString('en')} fit${place}.`;
}

/** Of the first server, for each NIC. */
function Devices({ question, reply }: AnswerProps) {
  const { decision, pci_requests: requests } = reply;
  const isOne = question.count === '1';
  const of = (at: number) => {
    const wanted = requests.filter(({ requester_id: by }) => by === `nics[${at}]`);
    return decision.devices.filter(({ request_id: id }) =>
      wanted.some((request) => request.request_id === id),
    );
  };
  return (
    <>
      {!isOne && <p>The first would go to {decision.chosen}.</p>}
      <ul class="takes">
        {question.nics.map((nic, at) => (
          <li key={at}>
            NIC {at + 1} ({nic.vnicType}): {of(at).length === 0 && 'takes no device'}
            {of(at).map(({ address, pool }) => (
              <span key={address}>
                takes{' '}
                <a class="mono" href={devicePath(decision.chosen ?? '', address)}>
                  {address}
                </a>
                {pool !== address && (
                  <>
                    {' '}
                    of PF <span class="mono">{pool}</span>
                  </>
                )}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}

function Candidates({ decision }: { decision: DecisionView }) {
  const shown = decision.candidates.slice(0, mostRows);
  const more = decision.candidates.length - shown.length;
  return (
    <>
      <h3>Hosts that fit, best first</h3>
      <div class="wide" role="region" aria-label="Hosts that fit" tabIndex={0}>
        <table class="narrow">
          <thead>
            <tr>
              <th scope="col">Host</th>
              <th scope="col" class="number">
                Weight
              </th>
              <th scope="col">Made of</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ host, weight, weights }) => (
              <tr key={host}>
                <th scope="row">
                  <a href={hostPath(host)}>{host}</a>
                </th>
                <td class="number">{weight.toFixed(2)}</td>
                <td>{weightText(weights)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 && <p class="muted">And {more.toLocaleString('en')} more.</p>}
    </>
  );
}

/** A weigher that has no preference gives 0. */
function weightText(weights: Record<string, number>): string {
  const decisive = Object.entries(weights).filter(([, weight]) => weight !== 0);
  if (decisive.length === 0) return 'no weigher prefers one';
  return decisive.map(([name, weight]) => `${name} ${weight.toFixed(2)}`).join(', ');
}

function Hosts({ hosts }: { hosts: readonly WhatIfHostView[] }) {
  const sorted = hosts.toSorted((one, other) => other.servers - one.servers);
  const shown = sorted.slice(0, mostRows);
  const more = sorted.length - shown.length;
  return (
    <>
      <h3>By host</h3>
      <div class="wide" role="region" aria-label="Servers by host" tabIndex={0}>
        <table class="narrow">
          <thead>
            <tr>
              <th scope="col">Host</th>
              <th scope="col" class="number">
                Servers
              </th>
              <th scope="col">Why no further one</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ host, servers, refusal }) => (
              <tr key={host}>
                <th scope="row">
                  <a href={hostPath(host)}>{host}</a>
                </th>
                <td class="number">{servers.toLocaleString('en')}</td>
                <td>
                  {refusal === null
                    ? 'it may take one more'
                    : `${refusal.filter}: ${refusal.message}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 && <p class="muted">And {more.toLocaleString('en')} more.</p>}
    </>
  );
}

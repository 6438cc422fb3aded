/** The device list that a host has, as its agent last reported it. */
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import { hostPath } from '../parts/host-path.ts';

interface InForceProps {
  host: string;
  /** undefined: not read yet; null: the host has not reported it to this controller. */
  specs: OperatorReply<'GET /hosts/:name'>['device_specs'] | undefined;
  refusal: string;
}

export function InForce({ host, specs, refusal }: InForceProps) {
  if (host === '') return <p class="muted">No host has reported yet.</p>;
  return (
    <section aria-label="In force">
      <h2>
        In force on <a href={hostPath(host)}>{host}</a>
      </h2>
      {refusal !== '' && specs === undefined && <p class="muted">{refusal}</p>}
      {specs === null && (
        <p class="muted">The host has not reported its list to this controller yet.</p>
      )}
      {specs?.length === 0 && <p class="muted">An empty list: it offers no device.</p>}
      {specs != null && specs.length > 0 && (
        <div class="wide" role="region" aria-label="List in force" tabIndex={0}>
          <table class="entries">
            <thead>
              <tr>
                <th scope="col">Entry</th>
                <th scope="col" class="number">
                  Admits
                </th>
                <th scope="col">From</th>
              </tr>
            </thead>
            <tbody>
              {specs.map(({ entry, device_spec: spec, admits, source }) => (
                <tr key={entry}>
                  <th scope="row" class="mono">
                    {JSON.stringify(spec)}
                  </th>
                  <td class="number">{admits}</td>
                  <td>{source}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

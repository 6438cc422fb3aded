/** `os-services`: the agent of each host, under the name Nova gives it. */
import { atMicrosecond } from '../links.ts';
import { type StepDown, steppedDown, without } from '../microversions.ts';
import { queryValue } from '../paging.ts';
import type { Call, Reply } from '../route.ts';
import { isUp } from './host-status.ts';
import { numberedHosts, type NumberedHost } from './numbered-hosts.ts';

const binary = 'nova-compute';

const steps: StepDown<NumberedHost>[] = [
  {
    below: 53,
    undo: (view, { number }) => {
      view['id'] = number;
    },
  },
  without(11, 'forced_down'),
];

export const servicesQuery = ['host', 'binary'] as const;

export async function listServices(call: Call): Promise<Reply> {
  const name = queryValue(call.query, 'host');
  const asked = queryValue(call.query, 'binary') ?? binary;
  const found = (await numberedHosts(call.context)).filter(
    ({ host }) => asked === binary && (name === undefined || host.name === name),
  );
  const services = found.map((each) => viewService(call, each));
  return { body: { services } };
}

function viewService(call: Call, each: NumberedHost) {
  const { host } = each;
  return steppedDown(
    {
      id: host.id,
      binary,
      host: host.name,
      zone: host.availabilityZone,
      status: host.enabled ? 'enabled' : 'disabled',
      state: isUp(call.context, host) ? 'up' : 'down',
      updated_at: atMicrosecond(host.lastSeenAt),
      disabled_reason: host.disabledReason,
      forced_down: host.forcedDown,
    },
    call.version,
    steps,
    each,
  );
}

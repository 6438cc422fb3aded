/** `os-services`: the agent of each host, under the name Nova gives it. */
import { ComputeError } from '#core/errors.ts';
import * as field from '../fields.ts';
import { type JsonSchema, object } from '../json-schema.ts';
import { atMicrosecond } from '../links.ts';
import { type StepDown, steppedDown, without } from '../microversions.ts';
import { queryValue } from '../paging.ts';
import type { BodySchema, Call, Reply } from '../route.ts';
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

const changeSchema: JsonSchema = object({
  status: { type: 'string', enum: ['enabled', 'disabled'] },
  disabled_reason: field.name,
  forced_down: field.flag,
});
export const serviceBody: BodySchema = () => changeSchema;

interface ServiceBody {
  status?: 'enabled' | 'disabled';
  disabled_reason?: string;
  forced_down?: unknown;
}

/** From 2.53 on: whether servers may be placed on the host, why not, and whether it is to count as down. */
export async function changeService(call: Call<ServiceBody>): Promise<Reply> {
  const { status, disabled_reason: reason, forced_down: down } = call.body;
  if (status === undefined && down === undefined) {
    throw new ComputeError(
      'invalid',
      "No updates were requested. Fields 'status' or 'forced_down' must be given.",
    );
  }
  if (reason !== undefined && status !== 'disabled') {
    throw new ComputeError(
      'invalid',
      "Specifying 'disabled_reason' is only allowed when 'status' is 'disabled'.",
    );
  }
  const id = call.params['id'] ?? '';
  const host = await call.context.workflows.setHostService(id, {
    ...(status !== undefined && { enabled: status === 'enabled', disabledReason: reason ?? null }),
    ...(down !== undefined && { forcedDown: field.isSet(down) }),
  });
  return { body: { service: viewService(call, { host, number: 0 }) } };
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

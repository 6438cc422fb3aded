/** `os-services`: the agent of each host, under the name Nova gives it. */
import { ComputeError } from '#core/errors.ts';
import type { HostServiceChange } from '#workflows/operator/set-host-service.ts';
import * as field from '../requests/fields.ts';
import { type Static, Type } from 'typebox';
import { closed, keysIf } from '../requests/json-schema.ts';
import { atMicrosecond } from '../requests/links.ts';
import { type StepDown, steppedDown, without } from '../requests/microversions.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import { queryValue } from '#http/routes/query.ts';
import type { Call, Reply } from '../requests/route.ts';
import { isUp } from './host-status.ts';
import { hostOfId } from './hypervisors.ts';
import { numbered, numberedHosts, type NumberedHost } from './numbered-hosts.ts';

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
  // Nova takes an empty value as no filter.
  const name = queryValue(call.query, 'host') || undefined;
  const requested = queryValue(call.query, 'binary') || binary;
  const found = requested === binary ? await requestedHosts(call, name) : [];
  const services = await mapInTurns(found, (each) => viewService(call, each));
  return { body: { services } };
}

/** Services have no pages: all, or the one with a given name. */
async function requestedHosts(call: Call, name: string | undefined): Promise<NumberedHost[]> {
  if (name === undefined) return numberedHosts(call.context);
  const host = await call.context.store.hosts.named(name);
  return host === undefined ? [] : [numbered(host)];
}

const text = Type.String({ minLength: 1, maxLength: 255 });

const changeBody = closed({
  status: Type.Optional(field.oneOf(['enabled', 'disabled'])),
  disabled_reason: Type.Optional(text),
  forced_down: Type.Optional(field.flag),
});
export const serviceBody = () => changeBody;

/**
 * From 2.53 on: whether servers may be placed on the host, why not, and whether it is to count as
 * down.
 */
export async function changeService(call: Call<Static<typeof changeBody>>): Promise<Reply> {
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
  const id = serviceId(call);
  const host = await call.context.workflows.setHostService(id, {
    ...(status !== undefined && { enabled: status === 'enabled', disabledReason: reason ?? null }),
    ...(down !== undefined && { forcedDown: field.isSet(down) }),
  });
  return { body: { service: viewService(call, { host, number: 0 }) } };
}

/**
 * A number before 2.53, a UUID from it on. Throws `invalid` for another form. Source: Nova
 * `services.py`.
 */
function serviceId(call: Call): string {
  const id = call.params['id'] ?? '';
  const form = call.version >= 53 ? field.uuidForm : /^-?\d+$/;
  if (form.test(id)) return id;
  const rule = call.version >= 53 ? 'must be a UUID' : 'must be a whole number';
  throw new ComputeError('invalid', `Invalid service id ${id}: it ${rule}.`);
}

const namedBodyOf = (hasForcedDown: boolean) =>
  closed({
    host: text,
    binary: text,
    disabled_reason: Type.Optional(text),
    ...keysIf(hasForcedDown, { forced_down: Type.Optional(field.flag) }),
  });
const [earlyNamedBody, namedBody] = [namedBodyOf(false), namedBodyOf(true)];
/** 2.11 brought `forced_down`. */
export const namedServiceBody = (version: number) => (version >= 11 ? namedBody : earlyNamedBody);
type NamedServiceBody = Static<typeof namedBody>;

/**
 * Before 2.53: the last part of the path is the operation, the body names the service. Source: Nova
 * compute API reference, "Update Compute Service".
 */
export async function changeNamedService(call: Call<NamedServiceBody>): Promise<Reply> {
  const { host: name, binary: requested, disabled_reason: reason } = call.body;
  const update = updateOf(call);
  if (requested !== binary) {
    const message = `Updating a ${requested} service is not supported. Only ${binary} services can be updated.`;
    throw new ComputeError('invalid', message);
  }
  const host = await call.context.store.hosts.named(name);
  if (host === undefined) {
    throw new ComputeError('notFound', `Could not find binary ${requested} on host ${name}.`);
  }
  await call.context.workflows.setHostService(host.id, update);
  const { enabled, forcedDown } = update;
  return {
    body: {
      service: {
        host: name,
        binary,
        ...(enabled !== undefined && { status: enabled ? 'enabled' : 'disabled' }),
        ...(enabled === false && reason !== undefined && { disabled_reason: reason }),
        ...(forcedDown !== undefined && { forced_down: forcedDown }),
      },
    },
  };
}

function updateOf({ params, body, version }: Call<NamedServiceBody>): HostServiceChange {
  const { disabled_reason: reason, forced_down: down } = body;
  const act = params['id'];
  if (act === 'enable') return { enabled: true, disabledReason: null };
  if (act === 'disable') return { enabled: false, disabledReason: null };
  if (act === 'disable-log-reason') {
    if (reason !== undefined) return { enabled: false, disabledReason: reason };
    throw new ComputeError('invalid', 'Missing disabled reason field: disabled_reason.');
  }
  if (act === 'force-down' && version >= 11) {
    if (down !== undefined) return { forcedDown: field.isSet(down) };
    throw new ComputeError('invalid', 'Missing forced_down field.');
  }
  throw new ComputeError('notFound', `Unknown action: ${act}`);
}

/**
 * The service with its host, which will not return. Throws `notFound`, and `conflict` while the
 * host reports or has servers.
 */
export async function deleteService(call: Call): Promise<Reply> {
  const id = serviceId(call);
  const host = await hostOfId(call, id);
  if (host === undefined) {
    throw new ComputeError('notFound', `Service ${id} could not be found.`);
  }
  await call.context.workflows.forgetHost(host.name);
  return {};
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
      updated_at: atMicrosecond(call.context.links.lastSeenAt(host) || null),
      disabled_reason: host.disabledReason,
      forced_down: host.forcedDown,
    },
    call.version,
    steps,
    each,
  );
}

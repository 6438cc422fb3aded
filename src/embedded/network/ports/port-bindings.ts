/**
 * The bindings of one port: the active one is in the port itself, others wait on their hosts.
 * Neutron's extension `binding-extended`.
 */
import type {
  NetworkRows,
  StoredNetwork,
  StoredPort,
  StoredPortBinding,
} from '#contracts/store/network-store.ts';
import type { PortBinding } from '#core/networking/binding/port-bindings.ts';
import { bindPort } from './binding.ts';
import type { RequestedPortBinding } from '../requests/bodies.ts';
import { changed, type NetworkContext, type Rights } from '../requests/context.ts';
import { adminOnly, bindingError, NetworkError } from '../requests/errors.ts';
import { findPort } from './ports.ts';

/** GET /v2.0/ports/{id}/bindings: the active one first. */
export async function listPortBindings(
  { store }: NetworkContext,
  rights: Rights,
  portId: string,
): Promise<PortBinding[]> {
  return bindingsOf(store, await serverPort(store, rights, portId));
}

/** POST /v2.0/ports/{id}/bindings: one more, which waits; the first becomes the active one. */
export async function createPortBinding(
  context: NetworkContext,
  rights: Rights,
  portId: string,
  requested: RequestedPortBinding,
): Promise<PortBinding> {
  return context.store.atomic(async (rows) => {
    const port = await serverPort(rows, rights, portId);
    if ((await bindingsOf(rows, port)).some(({ host }) => host === requested.host)) {
      throw bindingExists('PortBindingAlreadyExists', portId, `${requested.host} already exists`);
    }
    const network = (await rows.network(port.networkId)) as StoredNetwork;
    const place = {
      bindingHost: requested.host,
      vnicType: requested.vnic_type ?? 'normal',
      profile: requested.profile ?? {},
    };
    const binding = bindPort({ ...port, ...place }, network, context.hostMappings);
    if (binding.vifType === 'binding_failed') throw notBound(portId, requested.host);
    if (port.bindingHost === '') {
      const bound = changed(context, port, { ...place, ...binding });
      await rows.updatePort(bound, port);
      return activeOf(bound);
    }
    const { vifType, vifDetails } = binding;
    const { bindingHost: host, ...kind } = place;
    await rows.addPortBinding({ portId, host, ...kind, vifType, vifDetails });
    return { host, ...kind, vifType, vifDetails, isActive: false };
  });
}

/**
 * PUT /v2.0/ports/{id}/bindings/{host}/activate: the port is now there; the binding that was active
 * waits, unbound.
 */
export async function activatePortBinding(
  context: NetworkContext,
  rights: Rights,
  { portId, host }: { portId: string; host: string },
): Promise<PortBinding> {
  return context.store.atomic(async (rows) => {
    const port = await serverPort(rows, rights, portId);
    if (port.bindingHost === host) {
      throw bindingExists('PortBindingAlreadyActive', portId, `${host} is already active`);
    }
    const waiting = (await rows.portBindings(portId)).find((binding) => binding.host === host);
    if (waiting === undefined) throw noBinding(portId, host);
    await rows.removePortBinding(portId, host);
    const { vnicType, profile } = port;
    await rows.addPortBinding({
      portId,
      host: port.bindingHost,
      vnicType,
      profile,
      vifType: 'unbound',
      vifDetails: {},
    });
    const { portId: _, host: bindingHost, ...rest } = waiting;
    const moved = changed(context, port, { ...rest, bindingHost, status: 'ACTIVE' });
    await rows.updatePort(moved, port);
    return activeOf(moved);
  });
}

/** DELETE /v2.0/ports/{id}/bindings/{host}: of one that waits. */
export async function removePortBinding(
  { store }: NetworkContext,
  rights: Rights,
  { portId, host }: { portId: string; host: string },
): Promise<void> {
  await store.atomic(async (rows) => {
    const port = await serverPort(rows, rights, portId);
    if (port.bindingHost === host) {
      throw new NetworkError(
        'conflict',
        'PortBindingActive',
        `Binding for port ${portId} on host ${host} is active; unbind the port, or activate another.`,
      );
    }
    const waiting = await rows.portBindings(portId);
    if (waiting.every((binding) => binding.host !== host)) throw noBinding(portId, host);
    await rows.removePortBinding(portId, host);
  });
}

async function bindingsOf(rows: NetworkRows, port: StoredPort): Promise<PortBinding[]> {
  const waiting = await rows.portBindings(port.id);
  return [...(port.bindingHost === '' ? [] : [activeOf(port)]), ...waiting.map(waitingOf)];
}

function activeOf({
  bindingHost,
  vnicType,
  profile,
  vifType,
  vifDetails,
}: StoredPort): PortBinding {
  return { host: bindingHost, isActive: true, vnicType, profile, vifType, vifDetails };
}

function waitingOf(stored: StoredPortBinding): PortBinding {
  const { portId: _, ...binding } = stored;
  return { ...binding, isActive: false };
}

/** Only ports of servers move. */
async function serverPort(rows: NetworkRows, rights: Rights, id: string): Promise<StoredPort> {
  if (!rights.isPrivileged) throw adminOnly('port.bindings');
  const port = await findPort(rows, rights, id);
  if (port.deviceOwner.startsWith('compute:')) return port;
  throw new NetworkError(
    'invalid',
    'BadRequest',
    `Bad port request: port ${id} has several bindings only while a server has it.`,
  );
}

function noBinding(portId: string, host: string): NetworkError {
  return new NetworkError(
    'notFound',
    'PortBindingNotFound',
    `Binding for port ${portId} for host ${host} could not be found.`,
  );
}

function bindingExists(type: string, portId: string, what: string): NetworkError {
  return new NetworkError('conflict', type, `Binding for port ${portId} on host ${what}.`);
}

function notBound(portId: string, host: string): NetworkError {
  return new NetworkError(
    'unavailable',
    bindingError,
    `Binding for port ${portId} on host ${host} could not be created or updated.`,
  );
}

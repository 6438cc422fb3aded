/** The procedures that the agent may call: each a few libvirt calls on one connection. */
import type { DomainRow, ProcedureName, Procedures } from './child-messages.ts';
import {
  domainState,
  errorCode,
  metadataElement,
  statGroups,
  xmlFlag,
} from '../xml/libvirt-numbers.ts';
import { CallFailed, type Connection } from './connection.ts';
import type { LaneKind } from './lanes.ts';
import type { Pointer } from './library.ts';
import type { FunctionName } from './prototypes.ts';

type Run<Name extends ProcedureName> = (
  connection: Connection,
  ...args: Procedures[Name]['args']
) => Promise<Procedures[Name]['result']>;

type Table = { [Name in ProcedureName]: { lane: LaneKind; run: Run<Name> } };

/** Every procedure, and the kind of lane it runs on. */
export const procedures: Table = {
  hostFacts: read(hostFacts),
  versions: read(versions),
  versionsForMove: { lane: 'moves', run: versions },
  domainCapabilities: read((connection, virtType) =>
    connection.text(
      'virConnectGetDomainCapabilities',
      connection.handle,
      null,
      null,
      'q35',
      virtType,
      0,
    ),
  ),
  canRun: read(canRun),
  listDomains: read(listDomains),
  findDomain: read(findDomain),
  definedXml: read((connection, id) =>
    withDomain(connection, id, (domain) =>
      connection.text('virDomainGetXMLDesc', domain, xmlFlag.inactive),
    ),
  ),
  defineDomain: act(async (connection, xml) => {
    const defined = ['virDomainDefineXMLFlags', connection.handle, xml, 0] as const;
    connection.free('virDomainFree', await connection.pointer(...defined));
    return null;
  }),
  createDomain: act(async (connection, xml) => {
    const created = ['virDomainCreateXML', connection.handle, xml, 0] as const;
    connection.free('virDomainFree', await connection.pointer(...created));
    return null;
  }),
  startDomain: onDomain('virDomainCreateWithFlags'),
  destroyDomain: onDomain('virDomainDestroyFlags', 0),
  undefineDomain: onDomain('virDomainUndefineFlags'),
  shutDownDomain: onDomain('virDomainShutdownFlags', 0),
  rebootDomain: onDomain('virDomainReboot', 0),
  resetDomain: onDomain('virDomainReset', 0),
  suspendDomain: onDomain('virDomainSuspend'),
  resumeDomain: onDomain('virDomainResume'),
  injectNmi: onDomain('virDomainInjectNMI', 0),
  migratableXml: read((connection, id) =>
    withDomain(connection, id, (domain) =>
      connection.text('virDomainGetXMLDesc', domain, xmlFlag.migratable),
    ),
  ),
  migrateDomain: { lane: 'moves', run: migrateDomain },
  setMaxDowntime: onGuest((connection, domain, milliseconds: number) =>
    connection.number('virDomainMigrateSetMaxDowntime', domain, milliseconds, 0),
  ),
  jobStats: {
    lane: 'guests',
    run: (connection, id) =>
      withDomain(connection, id, (domain) => connection.jobStats(domain)).catch(noneIfGone),
  },
  abortJob: onGuest((connection, domain) => connection.number('virDomainAbortJob', domain)),
  saveDomain: onDomain('virDomainManagedSave'),
  forgetSaved: onDomain('virDomainManagedSaveRemove', 0),
  attachDevice: onDomain('virDomainAttachDeviceFlags'),
  detachDevice: onDomain('virDomainDetachDeviceFlags'),
  setMetadata: act((connection, id, { xml, key, uri }, flags) =>
    withDomain(connection, id, async (domain) => {
      const set = ['virDomainSetMetadata', domain, metadataElement, xml, key, uri, flags] as const;
      await connection.number(...set);
      return null;
    }),
  ),
  listNetworks: read(listNetworks),
  defineNetwork: act(async (connection, xml) => {
    const defined = ['virNetworkDefineXML', connection.handle, xml] as const;
    connection.free('virNetworkFree', await connection.pointer(...defined));
    return null;
  }),
  startNetwork: onNetwork('virNetworkCreate'),
  destroyNetwork: onNetwork('virNetworkDestroy'),
  undefineNetwork: onNetwork('virNetworkUndefine'),
  listNodeDevices: { lane: 'devices', run: listNodeDevices },
  nodeDeviceXmls: { lane: 'devices', run: nodeDeviceXmls },
  setPassword: { lane: 'guests', run: setPassword },
  domainStats: { lane: 'guests', run: domainStats },
};

function read<R>(run: R): { lane: 'read'; run: R } {
  return { lane: 'read', run };
}

function act<R>(run: R): { lane: 'act'; run: R } {
  return { lane: 'act', run };
}

/** One call on the domain of this id, with the agent's arguments followed by these. */
function onDomain(name: FunctionName, ...last: number[]) {
  return act((connection: Connection, id: string, ...args: (string | number)[]) =>
    withDomain(connection, id, async (domain) => {
      await connection.number(name, domain, ...args, ...last);
      return null;
    }),
  );
}

/** One call on the domain of this id, which its QEMU answers. */
function onGuest<Args extends unknown[]>(
  run: (connection: Connection, domain: Pointer, ...args: Args) => Promise<unknown>,
) {
  return {
    lane: 'guests' as const,
    run: (connection: Connection, id: string, ...args: Args) =>
      withDomain(connection, id, async (domain) => {
        await run(connection, domain, ...args);
        return null;
      }),
  };
}

function migrateDomain(
  connection: Connection,
  ...[id, { connectionUri, flags, ...parameters }]: Procedures['migrateDomain']['args']
): Promise<null> {
  return withDomain(connection, id, async (domain) => {
    await connection.withParameters(parameters, (list, count) =>
      connection.number('virDomainMigrateToURI3', domain, connectionUri, list, count, flags),
    );
    return null;
  });
}

function onNetwork(name: FunctionName) {
  return act(async (connection: Connection, network: string) => {
    const lookup = ['virNetworkLookupByName', connection.handle, network] as const;
    const handle = await connection.pointer(...lookup);
    try {
      await connection.number(name, handle);
      return null;
    } finally {
      connection.free('virNetworkFree', handle);
    }
  });
}

async function withDomain<T>(
  connection: Connection,
  id: string,
  run: (domain: Pointer) => Promise<T>,
): Promise<T> {
  const lookup = ['virDomainLookupByUUIDString', connection.handle, id] as const;
  const domain = await connection.pointer(...lookup);
  try {
    return await run(domain);
  } finally {
    connection.free('virDomainFree', domain);
  }
}

/** libvirt would wait for a silent agent for ever. */
const agentTimeoutSeconds = 5;

function setPassword(
  connection: Connection,
  ...[id, user, password]: Procedures['setPassword']['args']
): Promise<null> {
  return withDomain(connection, id, async (domain) => {
    await connection.number('virDomainAgentSetResponseTimeout', domain, agentTimeoutSeconds, 0);
    await connection.number('virDomainSetUserPassword', domain, user, password, 0);
    return null;
  });
}

function domainStats(
  connection: Connection,
  id: string,
): Promise<Procedures['domainStats']['result']> {
  return withDomain(connection, id, (domain) => connection.stats(domain, statGroups));
}

/** Throws when the result is that the processors do not match. Source: libvirt-host.h. */
const failIncompatible = 1;

async function canRun(
  connection: Connection,
  ...[{ machine, virtType, cpu }]: Procedures['canRun']['args']
): Promise<null> {
  const { handle } = connection;
  const of = [null, 'x86_64', machine, virtType] as const;
  await connection.text('virConnectGetDomainCapabilities', handle, ...of, 0);
  if (cpu !== null) {
    await connection.number('virConnectCompareHypervisorCPU', handle, ...of, cpu, failIncompatible);
  }
  return null;
}

async function hostFacts(connection: Connection): Promise<Procedures['hostFacts']['result']> {
  const { handle } = connection;
  const type = await connection.text('virConnectGetType', handle);
  const { hypervisor: version } = await versions(connection);
  const info: { memory?: number | bigint; cpus?: number } = {};
  await connection.number('virNodeGetInfo', handle, info);
  return {
    type,
    version,
    capabilities: await connection.text('virConnectGetCapabilities', handle),
    cpus: info.cpus ?? 0,
    memoryKib: Number(info.memory ?? 0),
  };
}

async function versions(connection: Connection): Promise<Procedures['versions']['result']> {
  const [libvirt, hypervisor]: [[number | bigint], [number | bigint]] = [[0], [0]];
  await connection.number('virConnectGetLibVersion', connection.handle, libvirt);
  await connection.number('virConnectGetVersion', connection.handle, hypervisor);
  return { libvirt: Number(libvirt[0]), hypervisor: Number(hypervisor[0]) };
}

async function listDomains(connection: Connection): Promise<DomainRow[]> {
  const domains = await connection.list('virConnectListAllDomains');
  const rows: DomainRow[] = [];
  try {
    for (const domain of domains) {
      const row = await describe(connection, domain);
      if (row !== null) rows.push(row);
    }
  } finally {
    for (const domain of domains) connection.free('virDomainFree', domain);
  }
  return rows;
}

function findDomain(connection: Connection, id: string): Promise<DomainRow | null> {
  return withDomain(connection, id, (domain) => describe(connection, domain)).catch(noneIfGone);
}

/** null when the domain no longer exists. */
async function describe(connection: Connection, domain: Pointer): Promise<DomainRow | null> {
  try {
    const state: [number] = [0];
    await connection.number('virDomainGetState', domain, state, [0], 0);
    const isOff = state[0] === domainState.shutOff;
    const saved = isOff && (await connection.number('virDomainHasManagedSaveImage', domain, 0));
    return {
      id: connection.uuidOf(domain),
      name: connection.nameOf('virDomainGetName', domain),
      state: state[0],
      isSaved: saved === 1,
      xml: await connection.text('virDomainGetXMLDesc', domain, 0),
    };
  } catch (error) {
    return noneIfGone(error);
  }
}

function noneIfGone(error: unknown): null {
  if (isFailure(error, errorCode.noDomain)) return null;
  throw error;
}

function isFailure(error: unknown, code: number): boolean {
  return error instanceof CallFailed && error.failure.code === code;
}

async function listNetworks(connection: Connection): Promise<Procedures['listNetworks']['result']> {
  const networks = await connection.list('virConnectListAllNetworks');
  const rows: Procedures['listNetworks']['result'] = [];
  try {
    for (const network of networks) {
      rows.push({
        name: connection.nameOf('virNetworkGetName', network),
        isActive: (await connection.number('virNetworkIsActive', network)) === 1,
      });
    }
  } finally {
    for (const network of networks) connection.free('virNetworkFree', network);
  }
  return rows;
}

async function listNodeDevices(connection: Connection, flags: number): Promise<string[]> {
  const devices = await connection.list('virConnectListAllNodeDevices', flags);
  try {
    return devices.map((device) => connection.nameOf('virNodeDeviceGetName', device));
  } finally {
    for (const device of devices) connection.free('virNodeDeviceFree', device);
  }
}

async function nodeDeviceXmls(
  connection: Connection,
  names: readonly string[],
): Promise<Procedures['nodeDeviceXmls']['result']> {
  const rows: Procedures['nodeDeviceXmls']['result'] = [];
  for (const name of names) {
    try {
      rows.push({ name, xml: await nodeDeviceXml(connection, name) });
    } catch (error) {
      if (!isFailure(error, errorCode.noNodeDevice)) throw error;
    }
  }
  return rows;
}

async function nodeDeviceXml(connection: Connection, name: string): Promise<string> {
  const device = await connection.pointer('virNodeDeviceLookupByName', connection.handle, name);
  try {
    return await connection.text('virNodeDeviceGetXMLDesc', device, 0);
  } finally {
    connection.free('virNodeDeviceFree', device);
  }
}

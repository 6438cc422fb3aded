/**
 * `novella pci check`: tries a device list on a host without changing anything, and reports what it
 * would change on a running controller. The caller reads the host's files; the text is in
 * `pci-check-text.ts`.
 */
import { exitStatus } from './exit-status.ts';
import { isComputeError, ComputeError } from '#core/errors.ts';
import type { NodeDeviceFacts } from '#core/hosts/host-facts.ts';
import { type PciAddress, parsePciAddress } from '#core/pci/devices/address.ts';
import { checkAliases, readAliases } from '#core/pci/pools/alias-check.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { withNodeCapabilities } from '#core/pci/devices/node-capabilities.ts';
import { compareOffer, type DeviceSpecChange } from '#core/pci/specs/device-spec-change.ts';
import { checkDeviceSpecs, offeredTags } from '#core/pci/specs/device-spec-check.ts';
import type { CheckView } from '#client/shapes/pci-check.ts';
import { viewCheck } from '#client/shapes/view-pci-check.ts';
import { readDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { listDevices, listHosts } from '#client/operator-api.ts';
import { serverNames } from '#client/server-names.ts';
import { checkAllHosts, checkAllLines } from './pci-check-all.ts';
import { checkLines } from './pci-check-text.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';

/** The option's texts in order, each with where it was written. */
export interface DeviceList {
  entries: { text: string; source: string }[];
  /** The option `alias` beside it, in the same form. */
  aliases: { text: string; source: string }[];
}

/** The machine that the command runs on. Both readers throw ComputeError naming file and rule. */
export interface LocalMachine {
  hostName: string;
  /** `path`: a sysfs folder, or a captured text of one. */
  readFunctions(
    path: string,
  ): Promise<{ functions: PciFunction[]; unreadable: { address: string; problem: string }[] }>;
  /**
   * What on the machine uses these of the functions below `path`, in plain English: only where it
   * is this machine's own sysfs, else undefined.
   */
  readUses(
    path: string,
    addresses: readonly PciAddress[],
  ): Promise<ReadonlyMap<PciAddress, readonly string[]> | undefined>;
  /**
   * Which functions the hypervisor of the machine knows: only where the path is this machine's own
   * sysfs, and a hypervisor is installed, else undefined. Never throws for one that does not
   * answer.
   */
  readNodeDevices(path: string, from: PciCheckOptions): Promise<NodeDeviceFacts | undefined>;
  readDeviceList(from: PciCheckOptions): DeviceList;
  /** The sysfs below this folder as a text that `readFunctions` takes. */
  capture(path: string): Promise<string>;
}

/** Absent keys have the command's defaults. */
export interface PciCheckOptions {
  sysfs?: string;
  config?: string;
  novaConf?: string[];
  host?: string;
  /** Of the controller. */
  allHosts?: boolean;
  json?: boolean;
}

/**
 * Prints the dry run and returns the exit status. `session`: the controller to compare with, if
 * any. Where another host than this machine is named, and no sysfs, the functions are requested
 * from the controller.
 */
export async function checkPci(
  options: PciCheckOptions,
  machine: LocalMachine,
  { session, screen }: { session?: Session | undefined; screen: Screen },
): Promise<number> {
  const list = machine.readDeviceList(options);
  if (options.allHosts === true && session !== undefined) {
    return checkAll(list, options, { session, screen });
  }
  const host = options.host ?? machine.hostName;
  const isElsewhere = options.sysfs === undefined && host !== machine.hostName;
  const view =
    isElsewhere && session !== undefined
      ? await askController(session, host, list)
      : await checkLocally(list, machine, { options, host, session });
  if (options.json === true) {
    writeJson(screen, view);
  } else {
    const names = session === undefined ? new Map<string, string>() : await serverNames(session);
    writeLines(screen, checkLines(view, { names, bold: screen.hasStyle === true }));
  }
  return exitStatus[view.result];
}

async function checkAll(
  list: DeviceList,
  options: PciCheckOptions,
  { session, screen }: { session: Session; screen: Screen },
): Promise<number> {
  const all = await checkAllHosts(session, bodyOf(list));
  const hosts = all.hosts.map((view) => withSources(view, list));
  const views = { ...all, hosts };
  if (options.json === true) writeJson(screen, views);
  else {
    const style = { names: await serverNames(session), bold: screen.hasStyle === true };
    writeLines(screen, checkAllLines(views, style));
  }
  return exitStatus[views.result];
}

async function checkLocally(
  list: DeviceList,
  machine: LocalMachine,
  {
    options,
    host,
    session,
  }: { options: PciCheckOptions; host: string; session: Session | undefined },
): Promise<CheckView> {
  const { sysfs: path = '/sys' } = options;
  const { functions: found, unreadable } = await machine.readFunctions(path);
  const nodeDevices = await machine.readNodeDevices(path, options);
  const functions = asKnown(found, nodeDevices);
  const { specs, refusals } = readDeviceSpecs(list.entries, functions);
  const check = checkDeviceSpecs(specs, functions);
  const { aliases, refused } = readAliases(list.aliases);
  const uses = await machine.readUses(path, [...offeredTags(check).keys()]);
  const change =
    session === undefined
      ? {}
      : { change: { host, difference: await difference(session, host, offeredTags(check)) } };
  return viewCheck({
    check,
    refused: [...refusals.map(({ message }) => message), ...refused],
    aliases: checkAliases(
      aliases,
      check.pools.map(({ pool }) => pool),
    ),
    functionsFrom: { source: path, complete: true, note: noteOf(nodeDevices) },
    unreadable,
    ...(uses !== undefined && { uses }),
    ...change,
  });
}

/** As the agent reports them: those that the hypervisor does not know are for no server. */
function asKnown(
  functions: PciFunction[],
  nodeDevices: NodeDeviceFacts | undefined,
): PciFunction[] {
  if (nodeDevices?.state !== 'listed') return functions;
  return functions.map((fn) =>
    nodeDevices.known.has(fn.address) ? fn : withNodeCapabilities(fn, undefined),
  );
}

function noteOf(nodeDevices: NodeDeviceFacts | undefined): string | null {
  if (nodeDevices?.state !== 'unlisted') return null;
  return `libvirt cannot list them, so they are known from sysfs alone: ${nodeDevices.why}`;
}

async function difference(
  session: Session,
  host: string,
  offered: ReturnType<typeof offeredTags>,
): Promise<DeviceSpecChange> {
  const known = await naming(session, host, () => listDevices(session, { host }));
  return compareOffer(
    known.map((device) => ({
      address: parsePciAddress(device.address),
      status: device.status,
      tags: device.tags,
      serverId: device.instance_uuid,
    })),
    offered,
  );
}

/**
 * The controller gets the entries without their source locations; these are added to the answer.
 */
async function askController(session: Session, host: string, list: DeviceList): Promise<CheckView> {
  const body = { host, ...bodyOf(list) };
  const view = await naming(session, host, () =>
    request<CheckView>(session, { service: 'operator', path: '/pci/check', method: 'POST', body }),
  );
  return withSources(view, list);
}

function bodyOf({ entries, aliases }: DeviceList) {
  return {
    device_spec: entries.map(({ text }) => text),
    alias: aliases.map(({ text }) => text),
  };
}

/** Where each entry was written, in place of its number in the request. */
function withSources(view: CheckView, { entries, aliases }: DeviceList): CheckView {
  const placed = (text: string) =>
    text.replace(/^(device_spec|alias)\[(\d+)\]/, (whole, list, at) => {
      const written = list === 'alias' ? aliases : entries;
      return written[Number(at)]?.source ?? whole;
    });
  return {
    ...view,
    refused: view.refused.map(placed),
    entries: view.entries.map((entry) => ({ ...entry, source: placed(entry.source) })),
  };
}

/**
 * A host that the controller does not have is reported with those that it has. The name is this
 * machine's unless the user specified another.
 */
async function naming<T>(session: Session, host: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!isComputeError(cause, 'notFound')) throw cause;
    const names = (await listHosts(session)).map(({ name }) => name).join(', ') || 'none';
    throw new ComputeError(
      'notFound',
      `--host ${host}: the controller has no such host; it has ${names}`,
      { cause },
    );
  }
}

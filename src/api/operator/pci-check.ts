/** The dry run of a device list against the recorded devices of hosts: nothing is changed. */
import { ComputeError } from '#core/errors.ts';
import { checkAliases, readAliases } from '#core/pci/pools/alias-check.ts';
import { compareOffer } from '#core/pci/specs/device-spec-change.ts';
import { checkingDeviceSpecs, offeredTags } from '#core/pci/specs/device-spec-check.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import { type CheckView, worstResult } from '#client/shapes/pci-check.ts';
import type { Host } from '#contracts/store/store.ts';
import { viewCheck } from '#client/shapes/view-pci-check.ts';
import { hostFunctionsOf, withLeftOut } from '#core/pci/specs/known-functions.ts';
import { readDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { type Static, Type } from 'typebox';
import { closed } from '../requests/json-schema.ts';
import { mapInTurns, runInTurns } from '#http/lists/in-turns.ts';
import { noSuchHost, pageOfHosts } from '../hosts/page-of-hosts.ts';
import type { Call, Reply } from '../requests/route.ts';

const most = { entries: 500, aliases: 100, characters: 2_048 } as const;

/** Entries as objects or as the option's JSON text, in order. */
const listOf = (maxItems: number) =>
  Type.Array(Type.Union([Type.String(), Type.Object({})]), { maxItems });

/**
 * `host` absent: every host. `alias`: the option in the same form; absent: the aliases that this
 * controller has.
 */
export const pciCheckBody = closed({
  host: Type.Optional(Type.String({ minLength: 1 })),
  device_spec: listOf(most.entries),
  alias: Type.Optional(listOf(most.aliases)),
});
type CheckBody = Static<typeof pciCheckBody>;

export const pciCheckQuery = ['limit', 'marker'];

/** Of one answer: each has a line for every function of a host. */
const mostHosts = 20;

/**
 * For one host, or for all of them in pages of at most 20 by name; the marker is a name. Wrong
 * entries are no error here: they are in the answer. Throws `notFound` for an unknown host,
 * `invalid` for more than one request may have.
 */
export async function checkPci(call: Call<CheckBody>): Promise<Reply> {
  const { host: name, device_spec: list, alias } = call.body;
  refuseTooMuch(list, alias);
  const { hosts } = call.context.store;
  if (name !== undefined) {
    const host = await hosts.named(name);
    if (host === undefined) throw noSuchHost(name);
    const body = await checkHost(call, host);
    return { body: body satisfies OperatorReply<'POST /pci/check'> };
  }
  const { items, links } = await pageOfHosts(call, (page) => hosts.summaries(page), mostHosts);
  const views: CheckView[] = [];
  for (const host of items) views.push(await checkHost(call, host));
  const body = {
    result: worstResult(views),
    hosts: views,
    ...(links.length > 0 && { hosts_links: links }),
  };
  return { body: body satisfies OperatorReply<'POST /pci/check'> };
}

async function checkHost(
  call: Call<CheckBody>,
  { id, name }: Pick<Host, 'id' | 'name'>,
): Promise<CheckView> {
  const { device_spec: list, alias } = call.body;
  const known = await call.context.store.hosts.devices(id);
  const devices = known.filter(({ status }) => status !== 'removed');
  const offer = call.context.links.offerOf(id);
  const functions = withLeftOut(devices, offer?.leftOut ?? []);
  const hostFunctions = hostFunctionsOf(functions);
  const sources = list.map((entry, at) => ({
    source: `device_spec[${at}]`,
    ...(typeof entry === 'string' ? { text: entry } : { object: entry }),
  }));
  const { specs, refusals } = readDeviceSpecs(sources, hostFunctions);
  const partialViewOf = 'the controller';
  const check = await runInTurns(
    checkingDeviceSpecs(specs, functions, { hostFunctions, partialViewOf }),
  );
  const { aliases, refused } =
    alias === undefined
      ? { aliases: call.context.settings.aliases, refused: [] }
      : readAliases(alias.map((entry, at) => ({ text: textOf(entry), source: `alias[${at}]` })));
  const pools = check.pools.map(({ pool }) => pool);
  const checked = await mapInTurns(aliases, (one) => checkAliases([one], pools));
  return viewCheck({
    check,
    refused: [...refusals.map(({ message }) => message), ...refused],
    aliases: checked.flat(),
    functionsFrom: {
      source: `what the controller knows of ${name}`,
      complete: false,
      note:
        offer === undefined
          ? `${name} has not reported to this controller since it started: only the functions that its present device list offers are known`
          : `the PFs and VFs of ${name} are known; of its other devices only those that its present device list offers`,
    },
    unreadable: [],
    change: { host: name, difference: compareOffer(devices, offeredTags(check)) },
  });
}

/**
 * A text may hold a list. The answer has the tags of an entry at each function that it matches:
 * long ones would make it endless.
 */
function refuseTooMuch(list: CheckBody['device_spec'], alias: CheckBody['alias'] = []): void {
  const sizes = list.map((entry) => sizesOf(entry));
  const number = sizes.reduce((sum, { length }) => sum + length, 0);
  if (number > most.entries) {
    throw new ComputeError(
      'invalid',
      `device_spec: ${number} entries: must be at most ${most.entries} in one request`,
    );
  }
  refuseLong('device_spec', sizes);
  refuseLong(
    'alias',
    alias.map((entry) => [textOf(entry).length]),
  );
}

function refuseLong(key: string, sizes: readonly number[][]): void {
  const at = sizes.findIndex((each) => each.some((size) => size > most.characters));
  if (at < 0) return;
  throw new ComputeError(
    'invalid',
    `${key}[${at}]: ${Math.max(...(sizes[at] ?? []))} characters: an entry must have at most ${most.characters}`,
  );
}

/** Of each entry in it. */
function sizesOf(given: string | object): number[] {
  const value = typeof given === 'string' ? readJson(given) : given;
  return Array.isArray(value)
    ? value.map((entry) => JSON.stringify(entry).length)
    : [textOf(value).length];
}

/** What cannot be read is one entry, unchanged. */
function readJson(text: string): string | object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : text;
  } catch {
    return text;
  }
}

function textOf(entry: string | object): string {
  return typeof entry === 'string' ? entry : JSON.stringify(entry);
}

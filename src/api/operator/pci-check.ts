/** The dry run of a device list against what is known of a host: nothing is changed. */
import { ComputeError } from '#core/errors.ts';
import { checkAliases, readAliases } from '#core/pci/alias-check.ts';
import { compareOffer } from '#core/pci/device-spec-change.ts';
import { checkDeviceSpecs, offeredTags } from '#core/pci/device-spec-check.ts';
import { viewCheck } from '#core/pci/device-spec-check-wire.ts';
import { hostFunctionsOf } from '#core/pci/known-functions.ts';
import { readDeviceSpecs } from '#core/pci/parse-device-specs.ts';
import { object } from '../json-schema.ts';
import type { Call, Reply } from '../route.ts';

interface CheckBody {
  host: string;
  /** Entries as objects or as the option's JSON text, in order. */
  device_spec: (string | object)[];
  /** The option `alias`, in the same form; absent: the aliases that this controller has. */
  alias?: (string | object)[];
}

const entries = {
  type: 'array',
  maxItems: 500,
  items: { anyOf: [{ type: 'string' }, { type: 'object' }] },
} as const;

export const pciCheckBody = object(
  {
    host: { type: 'string', minLength: 1 },
    device_spec: entries,
    alias: entries,
  },
  ['host', 'device_spec'],
);

/** Wrong entries are no error here: they are in the answer. Throws `notFound` for a host that is none. */
export async function checkPci(call: Call<CheckBody>): Promise<Reply> {
  const { host: name, device_spec: list, alias } = call.body;
  const { hosts } = call.context.store;
  const host = await hosts.named(name);
  if (host === undefined) {
    throw new ComputeError('notFound', `Host ${name} could not be found.`);
  }
  const devices = (await hosts.devices(host.id)).filter(({ status }) => status !== 'removed');
  const hostFunctions = hostFunctionsOf(devices);
  const sources = list.map((entry, at) => ({
    source: `device_spec[${at}]`,
    ...(typeof entry === 'string' ? { text: entry } : { object: entry }),
  }));
  const { specs, refusals } = readDeviceSpecs(sources, hostFunctions);
  const partlyKnownTo = 'the controller';
  const check = checkDeviceSpecs(specs, devices, { hostFunctions, partlyKnownTo });
  const { aliases, refused } =
    alias === undefined
      ? { aliases: call.context.settings.aliases, refused: [] }
      : readAliases(alias.map((entry, at) => ({ text: textOf(entry), source: `alias[${at}]` })));
  const body = viewCheck({
    check,
    refused: [...refusals.map(({ message }) => message), ...refused],
    aliases: checkAliases(
      aliases,
      check.pools.map(({ pool }) => pool),
    ),
    functionsFrom: {
      source: `what the controller knows of ${name}`,
      complete: false,
      note:
        `only the functions that the present device list of ${name} offers are known: ` +
        'what else a new list would offer shows on the host itself',
    },
    unreadable: [],
    change: { host: name, difference: compareOffer(devices, offeredTags(check)) },
  });
  return { body };
}

function textOf(entry: string | object): string {
  return typeof entry === 'string' ? entry : JSON.stringify(entry);
}

/** Topic devspec: which devices the operator's list matches, by which entry, with which tags. */
import { ComputeError } from '#core/errors.ts';
import { compileDeviceSpecs } from '#core/pci/specs/device-matcher.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import {
  type DescribedDevice,
  type DescribedFunction,
  hostFunctions,
  optionSources,
  toFunction,
} from './described-function.ts';
import { failed, judge, passed, type Topic } from '../topic.ts';

interface Input {
  option: string[];
  devices: DescribedDevice[];
  host?: { functions: DescribedFunction[] };
  report_in_placement?: boolean;
}

export const devspec: Topic = {
  name: 'devspec',
  run({ input: raw, expect }) {
    const input = raw as unknown as Input;
    const specs = parseOrRefusal(input);
    if (specs instanceof ComputeError) {
      return expect['error'] === undefined ? failed(`refused: ${specs.message}`) : passed;
    }
    if (expect['error'] !== undefined) return failed('accepted; a refusal was expected');
    const functions = hostFunctions(input.host);
    const matchOf = compileDeviceSpecs(specs, functions);
    const results = input.devices.map((device) => {
      const match = matchOf(toFunction(device, functions));
      return match === undefined
        ? { address: device.address, match: false }
        : { address: device.address, match: true, entry: match.spec.entry, tags: match.tags };
    });
    return judge((expect['results'] as object[]).map(withTextTags), results);
  },
};

/**
 * Tags are text here, as in Nova's records of devices and pools; a vector shows them as the entry
 * has them.
 */
function withTextTags(result: { tags?: Record<string, unknown> }): object {
  if (result.tags === undefined) return result;
  const tags = Object.entries(result.tags).map(([tag, value]) => [tag, tagText(value)]);
  return { ...result, tags: Object.fromEntries(tags) as object };
}

function tagText(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : value;
}

function parseOrRefusal(input: Input): DeviceSpec[] | ComputeError {
  try {
    return parseDeviceSpecs(optionSources(input.option), hostFunctions(input.host), {
      reportInPlacement: input.report_in_placement ?? false,
    });
  } catch (error) {
    if (error instanceof ComputeError && error.kind === 'invalid') return error;
    throw error;
  }
}

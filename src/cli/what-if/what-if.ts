/**
 * `novella what-if`: where a server would be placed, or how many more of it fit. The text is in
 * `what-if-text.ts`.
 */
import { findFlavorId, findNetworkId } from '#client/named.ts';
import { requestWhatIf } from '#client/operator-api.ts';
import type { Session } from '#client/session/session.ts';
import { ComputeError } from '#core/errors.ts';
import { settleAll } from '#runtime/settle-all.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import type { WhatIfOptions } from './what-if-options.ts';
import { whatIfLines } from './what-if-text.ts';

/**
 * Prints the answer; the exit status: 1 when fewer fit than were requested. `--json`: the API's
 * document.
 */
export async function showWhatIf(
  session: Session,
  options: WhatIfOptions,
  screen: Screen,
): Promise<number> {
  const answer = await requestWhatIf(session, await questionOf(session, options));
  if (options.json === true) writeJson(screen, answer);
  else writeLines(screen, whatIfLines(answer, options, { bold: screen.hasStyle === true }));
  return options.count !== 'max' && answer.fits < options.count ? 1 : 0;
}

/** The body of the request. */
async function questionOf(session: Session, options: WhatIfOptions): Promise<object> {
  const { nic = [], device = [], hint = {}, imageProperty, availabilityZone, host } = options;
  const { group, ...servers } = hint;
  const nics = await settleAll(nic, async ({ network, ...rest }) =>
    network === undefined ? rest : { ...rest, network_id: await findNetworkId(session, network) },
  );
  return {
    flavor: await flavorOf(session, options),
    nics,
    devices: device,
    scheduler_hints: { ...servers, ...(group !== undefined && { group: group.at(-1) }) },
    ...(imageProperty !== undefined && { image_properties: imageProperty }),
    ...(availabilityZone !== undefined && { availability_zone: availabilityZone }),
    ...(host !== undefined && { host }),
    count: options.count,
  };
}

async function flavorOf(
  session: Session,
  { flavor, vcpus, ram, disk, property }: WhatIfOptions,
): Promise<object> {
  const size = [vcpus, ram, disk, property].filter((value) => value !== undefined);
  if (flavor !== undefined && size.length === 0) return { id: await findFlavorId(session, flavor) };
  if (flavor === undefined && vcpus !== undefined && ram !== undefined) {
    const specs = property === undefined ? {} : { extra_specs: property };
    return { vcpus, memory_mb: ram, disk_gb: disk ?? 0, ...specs };
  }
  throw new ComputeError(
    'invalid',
    'name either --flavor, or --vcpus and --ram (--disk and --property are optional)',
  );
}

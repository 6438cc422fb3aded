/** Extra specs of a flavor, all and by key. */
import { ComputeError } from '#core/errors.ts';
import { extraSpecFault } from '#core/extra-specs/check-extra-spec.ts';
import { aliasCounts, aliasKey } from '#core/pci/requests/flavor-request.ts';
import type { Call, Reply } from '../requests/route.ts';
import { findFlavor } from './flavors.ts';
import type { ExtraSpecBody, ExtraSpecsBody } from './schemas.ts';

export async function listExtraSpecs(call: Call): Promise<Reply> {
  return { body: { extra_specs: (await findFlavor(call)).extraSpecs } };
}

/** Adds or changes; others stay. */
export async function addExtraSpecs(call: Call<ExtraSpecsBody>): Promise<Reply> {
  const added = asText(call.body.extra_specs);
  await changeSpecs(call, added);
  return { body: { extra_specs: added } };
}

export async function showExtraSpec(call: Call): Promise<Reply> {
  const { extraSpecs } = await findFlavor(call);
  const key = keyOf(call, extraSpecs);
  return { body: { [key]: extraSpecs[key] } };
}

export async function setExtraSpec(call: Call<ExtraSpecBody>): Promise<Reply> {
  const key = call.params['key'] ?? '';
  if (!Object.hasOwn(call.body, key)) {
    throw new ComputeError(
      'invalid',
      `Request body and URI mismatch: the URI names '${key}', the body '${Object.keys(call.body).join(', ')}'.`,
    );
  }
  const changed = asText(call.body);
  await changeSpecs(call, changed);
  return { body: changed };
}

export async function deleteExtraSpec(call: Call): Promise<Reply> {
  const { extraSpecs } = await findFlavor(call);
  await changeSpecs(call, { [keyOf(call, extraSpecs)]: null });
  return {};
}

/**
 * Sets the keys with a text and removes those with null; others stay. Throws `invalid` for device
 * requests of a wrong form.
 */
async function changeSpecs(call: Call, extraSpecs: Record<string, string | null>): Promise<void> {
  const aliases = extraSpecs[aliasKey];
  // No server could ever be made with a wrong one.
  if (typeof aliases === 'string') aliasCounts(aliases);
  if (call.version >= checkedFrom) refuseWrong(extraSpecs);
  const { id } = await findFlavor(call);
  await call.context.store.flavors.update(id, { extraSpecs });
}

/** Names and values of the known namespaces are checked since 2.86. */
const checkedFrom = 86;

function refuseWrong(extraSpecs: Record<string, string | null>): void {
  for (const [key, value] of Object.entries(extraSpecs)) {
    const fault = value === null ? undefined : extraSpecFault(key, value);
    if (fault !== undefined) throw new ComputeError('invalid', `Validation failed; ${fault}.`);
  }
}

function keyOf(call: Call, specs: Record<string, string>): string {
  const key = call.params['key'] ?? '';
  if (Object.hasOwn(specs, key)) return key;
  throw new ComputeError(
    'notFound',
    `Flavor ${call.params['id']} has no extra specs with key ${key}.`,
  );
}

function asText(specs: ExtraSpecBody): Record<string, string> {
  return Object.fromEntries(Object.entries(specs).map(([key, value]) => [key, String(value)]));
}

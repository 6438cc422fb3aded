/** Whether an extra spec of a flavor is one that can be. Source: Nova, microversion 2.86. */
import { namedSpecs, namespaces, patternedSpecs, type SpecForm } from './known-extra-specs.ts';

/**
 * What is wrong with an extra spec, naming key, value and rule; undefined: nothing. Names outside
 * the known namespaces may have any value. Example: `extraSpecFault('hw:cpu_policy', 'always')` →
 * `extra spec hw:cpu_policy: 'always' must be one of dedicated, shared, mixed`.
 */
export function extraSpecFault(name: string, value: string): string | undefined {
  const form = formOf(name);
  if (form !== undefined) {
    const rule = brokenRule(form, value);
    return rule === undefined ? undefined : `extra spec ${name}: '${value}' ${rule}`;
  }
  const [namespace = '', rest] = name.split(':', 2);
  if (rest === undefined || !namespaces.test(namespace)) return undefined;
  return `extra spec '${name}': there is no such extra spec in the namespace ${namespace}`;
}

function formOf(name: string): SpecForm | undefined {
  if (Object.hasOwn(namedSpecs, name)) return namedSpecs[name];
  return patternedSpecs.find((spec) => spec.name.test(name))?.form;
}

function brokenRule(form: SpecForm, value: string): string | undefined {
  switch (form.kind) {
    case 'text':
      return undefined;
    case 'flag':
      return /^\s*(t|true|f|false|1|0|on|off|y|yes|n|no)\s*$/i.test(value)
        ? undefined
        : 'must be a boolean';
    case 'choice':
      return form.of.includes(value) ? undefined : `must be one of ${form.of.join(', ')}`;
    case 'pattern':
      return form.of.test(value) ? undefined : form.rule;
    case 'number':
      return brokenRange(form, value);
  }
}

function brokenRange(
  {
    min = Number.NEGATIVE_INFINITY,
    max = Number.POSITIVE_INFINITY,
  }: { min?: number; max?: number },
  value: string,
): string | undefined {
  if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) return 'must be a whole number';
  const number = Number(value.replaceAll('_', ''));
  if (number < min) return `must be at least ${min}`;
  return number > max ? `must be at most ${max}` : undefined;
}

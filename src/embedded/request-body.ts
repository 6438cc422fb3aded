/** Checks a request body against its schema and says what is wrong in the user's words. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ComputeError } from '#core/errors.ts';
import { cutTo, type Finding, namesIn, quoted, valueAt } from '#runtime/schema-findings.ts';

/**
 * A reader of bodies with this schema. It throws `invalid`, naming field, value and rule.
 * Example: "port.binding:vnic_type: 'bogus' is not allowed: must be one of normal, direct".
 */
export function bodyReader<Schema extends TSchema>(
  schema: Schema,
): (body: unknown) => Static<Schema> {
  const validator = Compile(schema);
  return (body) => {
    if (body === undefined) throw new ComputeError('invalid', 'The request has no JSON body.');
    if (validator.Check(body)) return body;
    throw new ComputeError('invalid', explain(validator.Errors(body), body));
  };
}

function explain(findings: Finding[], body: unknown): string {
  // Where keys beyond the named ones are allowed, it is their value that is wrong.
  const unknown = findings.find(({ keyword }) => keyword === 'boolean');
  const extra = findings.find(({ keyword }) => unknown && keyword === 'additionalProperties');
  const finding = extra ?? unknown ?? findings[0];
  if (finding === undefined) return 'The request body is invalid.';
  const field = fieldOf(finding);
  const params = finding.params as Record<string, string[]>;
  switch (finding.keyword) {
    // Of more unknown keys than a validator lists only these are there, one for each key.
    case 'boolean':
      return `${field}: unknown key`;
    case 'additionalProperties':
      return `${field}: unknown key ${quoted(params['additionalProperties'] ?? [])}`;
    case 'required':
      return `${field}: required key ${quoted(params['requiredProperties'] ?? [])} is missing`;
    default: {
      const value = valueAt(namesIn(finding.instancePath), body);
      return `${field}: ${shown(value)} is not allowed: ${ruleOf(finding, findings)}`;
    }
  }
}

/** A union reports once per branch; its rule is all of them. */
function ruleOf(finding: Finding, findings: Finding[]): string {
  const branches = findings.filter(
    ({ instancePath, keyword }) => instancePath === finding.instancePath && keyword !== 'anyOf',
  );
  return [...new Set(branches.map(rulePart))].join(' or ');
}

function rulePart({ keyword, params, message }: Finding): string {
  if (keyword === 'enum') {
    return `must be one of ${(params as { allowedValues: unknown[] }).allowedValues.join(', ')}`;
  }
  if (keyword === 'const') {
    return `must be ${JSON.stringify((params as { allowedValue: unknown }).allowedValue)}`;
  }
  return message;
}

function fieldOf({ instancePath }: Finding): string {
  const names = namesIn(instancePath);
  return names.length === 0 ? 'body' : names.join('.');
}

function shown(value: unknown): string {
  return cutTo(80, JSON.stringify(value) ?? 'nothing');
}

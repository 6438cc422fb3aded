/**
 * Our declarations of libvirt's functions against libvirt's own headers (Debian package
 * libvirt-dev): a wrong one is a crash.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  callbackPrototypes,
  parameterValue,
  prototypes,
  qemuPrototypes,
  structures,
} from '#integrations/libvirt/child/prototypes.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import { beforeAll, describe, expect, test } from 'vitest';

const folder = '/usr/include/libvirt';
let headers = '';

beforeAll(() => {
  ensureDebianPackages(['libvirt-dev']);
  const files = readdirSync(folder).filter((name) => name.endsWith('.h'));
  const text = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  headers = squeezed(text.replaceAll(/\/\*[\s\S]*?\*\//g, ''));
});

/** Without what koffi adds, and without spaces where C needs none. */
function squeezed(text: string): string {
  return text
    .replaceAll(/_(Out|Inout)_ |!|VIR_DEPRECATED/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([*(),;]) ?/g, '$1');
}

/** Not with `toContain`, which would print all headers. */
function isDeclared(declaration: string): boolean {
  return headers.includes(`${squeezed(declaration)};`);
}

describe('as in libvirt’s headers', () => {
  test.each(Object.entries({ ...prototypes, ...qemuPrototypes }))('%s', (name, prototype) => {
    expect(prototype).toContain(`${name}(`);
    expect(isDeclared(prototype)).toBe(true);
  });

  test.each(Object.entries(callbackPrototypes))('%s', (name, prototype) => {
    const typedef = squeezed(`typedef ${prototype}`).replace(`${name}(`, `(*${name})(`);
    expect(isDeclared(typedef)).toBe(true);
  });

  test.each(Object.entries(structures))('%s', (name, members) => {
    const flat = headers.replaceAll(' {', '{').replaceAll(/union\{[^}]*\}/g, 'union ');
    const body = new RegExp(`struct _${name}\\{(.*?)\\}`).exec(flat)?.[1];
    const declared = (body ?? '')
      .split(';')
      .flatMap((line) => /(\w+)(\[\w+\])?$/.exec(line.trim())?.[1] ?? []);
    expect(declared).toEqual(Object.keys(members));
  });

  test('the values of typed parameters', () => {
    const members = Object.entries(parameterValue).map(
      ([name, type]) => `${type === 'str' ? 'char *' : type} ${name}`,
    );
    const union = squeezed(`union{${members.join(';')};}value`);
    expect(
      headers
        .replaceAll(/ ?([{}]) ?/g, '$1')
        .replaceAll('long long int', 'long long')
        .includes(union),
    ).toBe(true);
  });
});

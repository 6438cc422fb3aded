import { afterEach, expect, test, vi } from 'vitest';
import { countOption, programOptions } from '#test/programs/program-options.ts';

const written: string[] = [];

function catchExit(): void {
  const keep = (text: unknown) => written.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Error(`exit ${status}`);
  });
}

afterEach(() => {
  vi.restoreAllMocks();
  written.length = 0;
});

const parsed = (args: string[]) =>
  programOptions('npm run x -- [GROUP] [--seed S]', {
    args,
    options: { seed: { type: 'string', default: '1' } },
    allowPositionals: true,
  });

test('returns what parseArgs returns', () => {
  expect(parsed(['boots', '--seed', '7'])).toMatchObject({
    positionals: ['boots'],
    values: { seed: '7' },
  });
});

test('--help prints the usage and ends with 0', () => {
  catchExit();
  expect(() => parsed(['--help'])).toThrow('exit 0');
  expect(written).toEqual(['usage: npm run x -- [GROUP] [--seed S]\n']);
});

test.each([
  { args: ['--nosuch'], problem: "Unknown option '--nosuch'" },
  { args: ['--seed'], problem: "Option '--seed <value>' argument missing" },
])('$args ends with 2, the problem and the usage', ({ args, problem }) => {
  catchExit();
  expect(() => parsed(args)).toThrow('exit 2');
  expect(written).toEqual([`${problem}\nusage: npm run x -- [GROUP] [--seed S]\n`]);
});

test.each(['', 'x', '-1', '0', '1.5'])('%j is no count', (value) => {
  catchExit();
  expect(() => countOption('u', { name: 'seed', value })).toThrow('exit 2');
  expect(written).toEqual([`--seed: must be a whole number above 0, not '${value}'\nusage: u\n`]);
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectAnswersOrRefusals } from '#test/typed-errors.ts';
import { type IniOption, parseIni } from './ini.ts';

const rows: { name: string; given: string; gives: [string, string, number][] }[] = [
  {
    name: 'a repeated key keeps each value',
    given: '[pci]\nalias = a\nalias = b',
    gives: [
      ['alias', 'a', 2],
      ['alias', 'b', 3],
    ],
  },
  {
    name: 'indented lines continue a value',
    given: '[pci]\nspec = {"a": "1",\n  "b": "2",\n\t"c": "3"}\nnext = x',
    gives: [
      ['spec', '{"a": "1",\n"b": "2",\n"c": "3"}', 2],
      ['next', 'x', 5],
    ],
  },
  {
    name: 'an empty line ends a value',
    given: '[pci]\n\na = 1\n\nb = 2',
    gives: [
      ['a', '1', 3],
      ['b', '2', 5],
    ],
  },
  {
    name: 'comments stand at the start of a line only',
    given: '# one\n; two\n[pci]\n#a = 0\na = 1 # kept; all of it',
    gives: [['a', '1 # kept; all of it', 5]],
  },
  {
    name: 'an indented comment is part of the value above',
    given: '[pci]\na = 1\n  # kept',
    gives: [['a', '1\n# kept', 2]],
  },
  {
    name: 'the first of = and : separates key and value',
    given: '[pci]\na : {"x": "y=z"}\nb = 0000:01:00.0\nc=',
    gives: [
      ['a', '{"x": "y=z"}', 2],
      ['b', '0000:01:00.0', 3],
      ['c', '', 4],
    ],
  },
  {
    name: 'one pair of quotes is removed',
    given: '[pci]\na = "x"\nb = \'"y"\'\nc = "',
    gives: [
      ['a', 'x', 2],
      ['b', '"y"', 3],
      ['c', '', 4],
    ],
  },
  {
    name: 'line ends of other systems and a byte order mark are accepted',
    given: '\uFEFF[pci]\r\na = 1\r\n  2\r\n',
    gives: [['a', '1\n2', 2]],
  },
];

test.each(rows)('$name', ({ given, gives }) => {
  const options = parseIni(given, 'nova.conf');
  expect(options.map(({ key, value, line }) => [key, value, line])).toEqual(gives);
});

test('a section may be repeated', () => {
  const options = parseIni('[a]\nx = 1\n[b]\nx = 2\n[a]\nx = 3', 'nova.conf');
  expect(options.map(({ section, value }) => section + value)).toEqual(['a1', 'b2', 'a3']);
});

const refused = [
  { given: '  x = 1', message: 'nova.conf:1: "  x = 1": begins with a blank' },
  { given: '[pci]\n\n  x', message: 'nova.conf:3: "  x": begins with a blank' },
  { given: 'x = 1', message: 'nova.conf:1: "x = 1": stands before the first [section]' },
  { given: '[pci', message: 'nova.conf:1: "[pci": a section must end with ]' },
  {
    given: `\u0007${'x'.repeat(80)}`,
    message: `nova.conf:1: "\\u0007${'x'.repeat(54)}…": stands before`,
  },
  { given: '[]', message: 'nova.conf:1: "[]": a section must have a name' },
  { given: '[pci]\nword', message: 'nova.conf:2: "word": must be KEY = VALUE' },
  { given: '[pci]\n= 1', message: 'nova.conf:2: "= 1": must have a key' },
];
test.each(refused)('$given is refused by file and line', ({ given, message }) => {
  expect(() => parseIni(given, 'nova.conf')).toThrow(message);
});

/** The inverse of the parser; quotes keep what blanks and quotes would lose. */
function print(options: readonly Omit<IniOption, 'file' | 'line'>[]): string {
  const lines = options.map(({ section, key, value }) => {
    const [first = '', ...more] = value.split('\n');
    return [`[${section}]`, `${key} = "${first}"`, ...more.map((line) => `  ${line}`)];
  });
  return lines.flat().join('\n');
}

const word = fc.stringMatching(/^[a-z_]{1,8}$/);
const valueLine = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((text) => text.replaceAll(/[\r\n]/g, ''));
const laterLine = valueLine.map((text) => text.trim()).filter((text) => text !== '');
const option = fc.record({
  section: word,
  key: word,
  value: fc
    .tuple(valueLine, fc.array(laterLine, { maxLength: 3 }))
    .map(([first, more]) => [first, ...more].join('\n')),
});

test('printed text is parsed to the same', () => {
  fc.assert(
    fc.property(fc.array(option, { maxLength: 5 }), (options) => {
      const read = parseIni(print(options), 'x');
      expect(read.map(({ section, key, value }) => ({ section, key, value }))).toEqual(options);
    }),
  );
});

test('any text is parsed or refused with a typed error', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('[pci]', '[', ']', '=', ':', '\n', '\r', ' ', '\t', '#', ';', '"', "'"),
  );
  expectAnswersOrRefusals(
    fc.array(piece, { maxLength: 30 }),
    ['[pci]', '\n', 'a', '=', 'b'],
    (pieces) => parseIni(pieces.join(''), 'x'),
  );
});

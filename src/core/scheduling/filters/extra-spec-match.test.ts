import { expect, test } from 'vitest';
import { matchesSpec } from './extra-spec-match.ts';

/** Value, requirement. Source: Nova's documentation of the operators. */
const satisfied: [string, string][] = [
  ['1', '1'],
  ['', ''],
  ['two words', 'two words'],
  ['123', '= 123'],
  ['124', '= 123'],
  ['123', '== 123'],
  ['1.0', '== 1'],
  ['123', '!= 124'],
  ['123', '>= 122.5'],
  ['1e3', '<= 1000'],
  ['abc', 's== abc'],
  ['abc', 's!= abd'],
  ['abc', 's< abd'],
  ['abc', 's<= abc'],
  ['abd', 's> abc'],
  ['abc', 's>= abc'],
  ['12311321', '<in> 11'],
  ['aes mmx aux', '<all-in> aes mmx'],
  ['12', '<or> 11 <or> 12'],
  ['11', '<or> 11 <or>'],
];

const refused: [string, string][] = [
  ['1', ''],
  ['3', '1'],
  ['122', '= 123'],
  ['1234', '== 123'],
  ['123', '!= 123'],
  ['123', '<= 122'],
  ['many', '>= 1'],
  ['1', '>= many'],
  ['', '== 0'],
  ['abc', 's== abd'],
  ['abd', 's< abc'],
  ['12310321', '<in> 11'],
  ['aes mmx', '<all-in> txt aes'],
  ['13', '<or> 11 <or> 12'],
  ['<or>', '<or> 11 <or> 12'],
  ['1', '=='],
  ['1', '<or>'],
  ['constructor', 'toString x'],
];

test.each(satisfied)('%s satisfies "%s"', (value, required) => {
  expect(matchesSpec(value, required)).toBe(true);
});

test.each(refused)('%s does not satisfy "%s"', (value, required) => {
  expect(matchesSpec(value, required)).toBe(false);
});

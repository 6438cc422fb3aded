import { expect, test } from 'vitest';
import { withoutPassword } from './without-password.ts';

test.each([
  ['postgresql://nova:secret@db/nova', 'postgresql://nova@db/nova'],
  ['postgresql://nova@db/nova', 'postgresql://nova@db/nova'],
  ['postgresql://nova:p@s?s/word@db/nova', 'postgresql://nova@db/nova'],
  ['mysql+pymysql://nova:secret@db/nova', 'mysql+pymysql://nova@db/nova'],
  ['postgresql://db:5432/nova', 'postgresql://db:5432/nova'],
  ['postgresql:///nova?password=secret&host=/run', 'postgresql:///nova?password=…&host=/run'],
])('the place of a database has no password: %s', (url, place) => {
  expect(withoutPassword(url)).toBe(place);
});

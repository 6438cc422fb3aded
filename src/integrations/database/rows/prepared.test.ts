import { CamelCasePlugin, type Kysely, sql, type Updateable } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqlite } from '../sqlite/sqlite.ts';
import { prepared, preparedChange } from './prepared.ts';

interface Tables {
  pets: { id: string; petName: string | null; age: number };
}
type Db = Kysely<Tables>;

let root: Kysely<Tables>;
let db: Db;
let built = 0;

beforeEach(async () => {
  root = openSqlite<Tables>(':memory:');
  db = root.withPlugin(new CamelCasePlugin());
  await sql`create table pets (id text primary key, pet_name text, age integer)`.execute(db);
  built = 0;
});

afterEach(() => root.destroy());

const add = preparedChange((on: Db, columns: Tables['pets']) => {
  built += 1;
  return on.insertInto('pets').values(columns);
});

const olderThan = prepared((on: Db, given: { age: number; most: number }) => {
  built += 1;
  const rows = on.selectFrom('pets').selectAll().where('age', '>', given.age).orderBy('id');
  return rows.limit(given.most);
});

const change = preparedChange(
  (on: Db, columns: Updateable<Tables['pets']>, given: { id: string }) => {
    built += 1;
    return on.updateTable('pets').set(columns).where('id', '=', given.id);
  },
);

test('a statement is built once, and each run has values of its own', async () => {
  for (const [id, age] of [['a', 1] as const, ['b', 5] as const, ['c', 9] as const]) {
    await add(db, { id, petName: null, age }, {});
  }
  const of = async (age: number, most: number) =>
    (await olderThan(db, { age, most })).rows.map(({ id }) => id);
  expect(await of(0, 9)).toEqual(['a', 'b', 'c']);
  expect(await of(1, 9)).toEqual(['b', 'c']);
  expect(await of(0, 1)).toEqual(['a']);
  expect(built).toBe(2);
});

test('a change is built once for each set of columns', async () => {
  await add(db, { id: 'a', petName: 'Ada', age: 1 }, {});
  await change(db, { age: 2 }, { id: 'a' });
  await change(db, { age: 3 }, { id: 'a' });
  await change(db, { age: 4, petName: null }, { id: 'a' });
  const none = await change(db, { age: 5 }, { id: 'z' });
  expect(none.numAffectedRows).toBe(0n);
  expect((await olderThan(db, { age: 0, most: 9 })).rows).toEqual([
    { id: 'a', petName: null, age: 4 },
  ]);
  expect(built).toBe(4);
});

test('a column without a value is not written', async () => {
  await add(db, { id: 'a', petName: 'Ada', age: 1 }, {});
  await change(db, { age: 2, petName: undefined }, { id: 'a' });
  expect((await olderThan(db, { age: 0, most: 9 })).rows).toMatchObject([{ petName: 'Ada' }]);
});

test('a transaction runs the statement of its database, and rolls it back', async () => {
  await add(db, { id: 'a', petName: null, age: 1 }, {});
  const failed = db.transaction().execute(async (step) => {
    await change(step, { age: 2 }, { id: 'a' });
    throw new Error('stop');
  });
  await expect(failed).rejects.toThrow('stop');
  expect((await olderThan(db, { age: 1, most: 9 })).rows).toEqual([]);
});

test('a value may have the name of a column that is written', async () => {
  await add(db, { id: 'a', petName: 'Ada', age: 1 }, {});
  await change(db, { id: 'b' }, { id: 'a' });
  expect((await olderThan(db, { age: 0, most: 9 })).rows).toMatchObject([{ id: 'b', age: 1 }]);
});

import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { aNewServer } from '#test/worlds/store-rows.ts';
import { migrate } from '../migrate.ts';
import { openSqlite } from '../sqlite/sqlite.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { computeStore } from '../store.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

test('texts lose U+0000, also in JSON; what must be unique stays so, and other texts stay', async () => {
  const db = openSqlite<ComputeTables>(freshFile('old.db'));
  close = () => db.destroy();
  await migrate(db, '0048-controllers');
  const plain = aNewServer();
  const { servers } = computeStore(db);
  await servers.create(plain);
  const flavor = (id: string, name: string, specs: string) =>
    sql`insert into flavors (flavorid, name, vcpus, memory_mb, root_gb, ephemeral_gb, swap,
        rxtx_factor, is_public, disabled, extra_specs)
      values (${id}, ${name}, 1, 1, 1, 0, 0, 1, 1, 0, ${specs})`.execute(db);
  await flavor('1', 'ab', '{"k":"plain"}');
  await flavor('2', 'a\0b', String.raw`{"k\u0000":"a\\u0000b\\\u0000\n"}`);
  await flavor('3', 'a\0\0b', '{"number":12345678901234567890}');
  await flavor('4', String.raw`no JSON: \u0000`, '{}');
  expect(await migrate(db)).toContain('0054-no-null-characters');
  const { rows } =
    await sql`select name, extra_specs as specs from flavors order by flavorid`.execute(db);
  expect(rows).toEqual([
    { name: 'ab', specs: '{"k":"plain"}' },
    { name: 'a\uFFFDb', specs: String.raw`{"k":"a\\u0000b\\\n"}` },
    { name: 'a\uFFFD\uFFFDb', specs: '{"number":12345678901234567890}' },
    { name: String.raw`no JSON: \u0000`, specs: '{}' },
  ]);
  expect(await servers.get(plain.server.id)).toMatchObject({ name: plain.server.name });
});

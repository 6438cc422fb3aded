/** Concurrent changes of one server: none undoes another. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const names = Array.from({ length: 20 }, (_, at) => `n${at}`);

test('concurrent changes of tags and metadata are all kept', async () => {
  const { id } = await world.server({ tags: names.map((name) => `old-${name}`), metadata: {} });
  const server = `/v2.1/servers/${id}`;
  const answers = await Promise.all(
    names.flatMap((name) => [
      world.ask(`PUT ${server}/tags/${name}`),
      world.ask(`DELETE ${server}/tags/old-${name}`),
      world.ask(`POST ${server}/metadata`, { body: { metadata: { [name]: 'whole' } } }),
      world.ask(`PUT ${server}/metadata/one-${name}`, { body: { meta: { [`one-${name}`]: 'x' } } }),
    ]),
  );
  expect(answers.filter(({ status }) => status >= 300)).toEqual([]);
  const { tags, metadata } = (await world.ask(`GET ${server}`)).body.server;
  expect(tags.toSorted()).toEqual(names.toSorted());
  expect(Object.keys(metadata)).toHaveLength(2 * names.length);
});

test('the limit of tags applies to concurrent additions', async () => {
  const { id } = await world.server({ tags: Array.from({ length: 45 }, (_, at) => `t${at}`) });
  const requests = names.map((name) => world.ask(`PUT /v2.1/servers/${id}/tags/${name}`));
  const statuses = (await Promise.all(requests)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(5);
  expect(statuses.filter((status) => status === 400)).toHaveLength(15);
});

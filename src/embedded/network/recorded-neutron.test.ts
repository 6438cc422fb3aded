import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';
import { type Exchange, IdMap, keyPaths } from '#test/worlds/replay.ts';
import exchanges from '../../../test/fixtures/recorded/neutron-exchanges.json' with {
  type: 'json',
};

let cloud: EmbeddedCloud;
beforeAll(async () => {
  cloud = await startEmbeddedCloud();
});
afterAll(() => cloud.stop());

/** The details of a binding differ on purpose: other drivers, and a bridge for normal ports. */
const withoutDetails = (paths: string[]) => paths.filter((path) => !path.includes('vif_details.'));

const ids = new IdMap();
for (const exchange of exchanges as (Exchange & { name: string })[]) {
  test(`answers as Neutron did: ${exchange.name}`, async () => {
    const { method, path, body } = ids.translate(exchange);
    const options = { token: cloud.adminToken, ...(body !== null && { body }) };
    const answer = await ask(cloud.network.app, `${method} ${path}`, options);
    const recorded = exchange.response as { NeutronError?: { type: string } } | null;
    expect(answer.status).toBe(exchange.status);
    ids.learn(exchange.response, answer.body);
    expect(withoutDetails(keyPaths(answer.body))).toEqual(
      withoutDetails(keyPaths(exchange.response)),
    );
    expect(answer.body?.NeutronError?.type).toBe(recorded?.NeutronError?.type);
  });
}

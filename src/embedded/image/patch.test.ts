/** The fields of an image, by POST and by both forms of PATCH. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type EmbeddedCloud, startEmbeddedCloud } from '#test/worlds/embedded-cloud.ts';

let cloud: EmbeddedCloud;
let id: string;
beforeAll(async () => {
  cloud = await startEmbeddedCloud({ limits: { images: 30 } });
  id = (await post({ name: 'n', hw_model: 'virtio' })).body.id;
});
afterAll(() => cloud.stop());

const post = (body: unknown, token = cloud.demoToken) =>
  ask(cloud.image.app, 'POST /v2/images', { token, body });
const patch = (
  changes: unknown,
  { token = cloud.demoToken, type = 'application/openstack-images-v2.1-json-patch', of = id } = {},
) =>
  ask(cloud.image.app, `PATCH /v2/images/${of}`, {
    token,
    body: changes,
    headers: { 'content-type': type },
  });
const show = async () =>
  (await ask(cloud.image.app, `GET /v2/images/${id}`, { token: cloud.demoToken })).body;
const oldType = 'application/openstack-images-v2.0-json-patch';

describe('media types', () => {
  const newType = 'application/openstack-images-v2.1-json-patch';
  test.each([
    `${newType}; charset=utf-8`,
    `${newType};charset="UTF-8"`,
    newType.toUpperCase(),
    'Application/OpenStack-Images-v2.1-JSON-patch ; a=b',
  ])('a patch may be %s', async (type) => {
    expect((await patch([], { type })).status).toBe(200);
  });

  test.each(['application/json', 'text/plain', 'application/octet-stream', `${newType}x`, 'x'])(
    'a patch may not be %s',
    async (type) => {
      const { status } = await patch([], { type });
      expect(status).toBe(415);
    },
  );

  test('a patch of another type is refused with the accepted types', async () => {
    const { status, body, headers } = await patch([], { type: 'application/json' });
    expect([status, body.error.message, headers['accept-patch']]).toEqual([
      415,
      `Content-Type: 'application/json': must be ${oldType} or ${newType}`,
      `${oldType}, ${newType}`,
    ]);
  });

  test.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json;x="y;z"'])(
    'an image may be %s',
    async (type) => {
      const options = { token: cloud.demoToken, body: {}, headers: { 'content-type': type } };
      const made = await ask(cloud.image.app, 'POST /v2/images', options);
      expect(made.status).toBe(201);
      await ask(cloud.image.app, `DELETE /v2/images/${made.body.id}`, { token: cloud.demoToken });
    },
  );

  test.each(['application/octet-stream', oldType, 'text/xml'])(
    'an image may not be %s',
    async (type) => {
      const options = { token: cloud.demoToken, body: '{}', headers: { 'content-type': type } };
      expect((await ask(cloud.image.app, 'POST /v2/images', options)).status).toBe(415);
    },
  );

  test.each([
    ['application/octet-stream; charset=UTF-8', 204],
    ['Application/Octet-Stream', 204],
    ['application/octet-stream;boundary="a b"', 204],
    ['application/octet-streams', 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json', 415],
    [oldType, 415],
  ])('bytes as %s: %i', async (type, status) => {
    const { body: image } = await post({ disk_format: 'raw', container_format: 'bare' });
    const answer = await ask(cloud.image.app, `PUT /v2/images/${image.id}/file`, {
      token: cloud.demoToken,
      body: type.includes('json') ? '{}' : Buffer.from('bytes'),
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(status);
    if (status === 415) {
      const text = `Content-Type: '${type}': must be application/octet-stream`;
      expect(answer.body.error.message).toBe(text);
    }
    await ask(cloud.image.app, `DELETE /v2/images/${image.id}`, { token: cloud.demoToken });
  });
});

describe('patches', () => {
  test.each([
    [[{ op: 'add', path: '/hw_new', value: 'a' }], { hw_new: 'a' }],
    [[{ op: 'add', path: '/hw_new', value: 'b' }], { hw_new: 'b' }],
    [[{ op: 'replace', path: '/hw_new', value: '' }], { hw_new: '' }],
    [[{ op: 'remove', path: '/hw_new' }], { hw_new: undefined }],
    [[{ op: 'add', path: '/a~1b~0c', value: 'x' }], { 'a/b~c': 'x' }],
    [[{ op: 'add', path: '/a~01', value: 'x' }], { 'a~1': 'x' }],
    [[{ op: 'add', path: '/名前', value: '值 😀' }], { 名前: '值 😀' }],
    [[{ op: 'replace', path: '/name', value: null }], { name: null }],
    [[{ op: 'add', path: '/name', value: '😀'.repeat(255) }], { name: '😀'.repeat(255) }],
    [[{ op: 'add', path: '/tags', value: ['x', 'x', ''] }], { tags: ['x', ''] }],
    [[{ op: 'replace', path: '/min_ram', value: 2 ** 31 - 1 }], { min_ram: 2 ** 31 - 1 }],
    [[{ op: 'add', path: '/__proto__', value: 'p' }], { ['__proto__']: 'p' }],
    [[{ op: 'add', path: '/constructor', value: 'c' }], { constructor: 'c' }],
    [[{ op: 'replace', path: '/visibility', value: 'community' }], { visibility: 'community' }],
    [[], { name: '😀'.repeat(255) }],
  ])('%j', async (changes, shown) => {
    const { status, body } = await patch(changes);
    expect(status).toBe(200);
    for (const image of [body, await show()]) {
      for (const [key, value] of Object.entries(shown)) {
        expect(Object.getOwnPropertyDescriptor(image, key)?.value).toEqual(value);
      }
    }
  });

  test.each([
    [[{ replace: '/hw_model', value: 'e1000' }], 200],
    [[{ add: '/hw_old', value: 'a' }], 200],
    [[{ add: '/hw_old', value: 'b' }], 409],
    [[{ add: '/name', value: 'b' }], 409],
    [[{ remove: '/hw_old' }], 200],
    [[{ remove: '/hw_old' }], 409],
    [[{ remove: '/name' }], 403],
    [[{ replace: '/nosuch', value: 'b' }], 409],
    [[{ op: 'replace', path: '/name', value: 'x' }], 400],
    [[{ replace: '/name', remove: '/tags', value: 'x' }], 400],
    [[{ add: ['/name'], value: 'x' }], 400],
    [[{ add: '/hw_old' }], 400],
  ])('in the form 2.0 %j gives %i', async (changes, status) => {
    expect((await patch(changes, { type: oldType })).status).toBe(status);
  });

  test.each([
    [{}, 400, 'body: a patch is a list of changes'],
    [[7], 400, 'body[0]: a change is an object'],
    [[null], 400, 'body[0]: a change is an object'],
    [[[]], 400, 'body[0]: a change is an object'],
    [[{}], 400, 'body[0].op: null is not an operation'],
    [[{ op: 'move', path: '/name', from: '/x' }], 400, 'body[0].op: "move" is not an operation'],
    [[{ op: 'ADD', path: '/name', value: 'x' }], 400, 'body[0].op: "ADD" is not an operation'],
    [[{ replace: '/name', value: 'x' }], 400, 'body[0].op: null is not an operation'],
    [[{ op: 'add', value: 'x' }], 400, 'body[0].path: null is not a property'],
    [[{ op: 'add', path: 7, value: 'x' }], 400, 'body[0].path: 7 is not a property'],
    [[{ op: 'add', path: 'name', value: 'x' }], 400, 'body[0].path: "name" is not a property'],
    [[{ op: 'add', path: '', value: 'x' }], 400, 'body[0].path: "" is not a property'],
    [[{ op: 'add', path: '/', value: 'x' }], 400, 'body[0].path: "/" is not a property'],
    [[{ op: 'add', path: '//name', value: 'x' }], 400, 'body[0].path: "//name" is not a property'],
    [[{ op: 'add', path: '/name/', value: 'x' }], 400, 'body[0].path: "/name/" is not a property'],
    [
      [{ op: 'add', path: '/tags/0', value: 'x' }],
      400,
      'body[0].path: "/tags/0" is not a property',
    ],
    [[{ op: 'add', path: '/a~2', value: 'x' }], 400, 'body[0].path: "/a~2" is not a property'],
    [[{ op: 'add', path: '/a~', value: 'x' }], 400, 'body[0].path: "/a~" is not a property'],
    [[{ op: 'add', path: '/x' }], 400, 'body[0].value: missing: add needs one'],
    [[{ op: 'remove', path: '/name' }], 403, 'body[0]: Property name may not be removed.'],
    [[{ op: 'remove', path: '/tags' }], 403, 'body[0]: Property tags may not be removed.'],
    [[{ op: 'remove', path: '/nosuch' }], 409, 'body[0]: Property nosuch does not exist.'],
    [[{ op: 'replace', path: '/x', value: 'x' }], 409, 'body[0]: Property x does not exist.'],
    [[{ op: 'replace', path: '/id', value: 'x' }], 403, "id: Attribute 'id' is read-only."],
    [[{ op: 'add', path: '/locations', value: [] }], 403, "'locations' is read-only."],
    [[{ op: 'remove', path: '/checksum' }], 403, "'checksum' is read-only."],
    [[{ op: 'add', path: '/deleted', value: 'x' }], 403, "'deleted' is reserved."],
    [[{ op: 'add', path: '/os_glance_x', value: 'x' }], 403, "'os_glance_x' is reserved."],
    [[{ op: 'replace', path: '/owner', value: 'x' }], 403, "Owner can't be updated by non admin."],
    [[{ op: 'replace', path: '/visibility', value: 'public' }], 403, 'visibility: '],
    [[{ op: 'replace', path: '/visibility', value: 'secret' }], 400, 'visibility: "secret"'],
    [[{ op: 'replace', path: '/visibility', value: null }], 400, 'visibility: null'],
    [[{ op: 'replace', path: '/name', value: 7 }], 400, 'name: 7 is not allowed'],
    [[{ op: 'replace', path: '/name', value: 'x'.repeat(256) }], 400, 'name: "xxx'],
    [[{ op: 'replace', path: '/name', value: 'a\0b' }], 400, 'the null character U+0000'],
    [
      [{ op: 'replace', path: '/name', value: '\ud800' }],
      400,
      'has "\\ud800": half a surrogate pair',
    ],
    [[{ op: 'add', path: '/a\0', value: 'x' }], 400, '0.path: the null character'],
    [[{ op: 'replace', path: '/tags', value: 'x' }], 400, 'tags: "x" is not allowed'],
    [[{ op: 'replace', path: '/tags', value: [7] }], 400, 'tags.0: 7 is not allowed'],
    [[{ op: 'replace', path: '/tags', value: ['\0'] }], 400, 'the null character U+0000'],
    [[{ op: 'replace', path: '/tags', value: ['x'.repeat(256)] }], 400, 'tags.0: "xxx'],
    [[{ op: 'replace', path: '/protected', value: 'true' }], 400, 'protected: "true"'],
    [[{ op: 'replace', path: '/os_hidden', value: 1 }], 400, 'os_hidden: 1 is not allowed'],
    [[{ op: 'replace', path: '/min_disk', value: '1' }], 400, 'min_disk: "1" is not allowed'],
    [[{ op: 'replace', path: '/disk_format', value: 'floppy' }], 400, 'disk_format: "floppy"'],
    [[{ op: 'add', path: '/x', value: null }], 400, 'x: null is not allowed'],
    [[{ op: 'add', path: '/x', value: { y: 1 } }], 400, 'x: {"y":1} is not allowed'],
    [[{ op: 'add', path: '/x', value: 'x'.repeat(65_536) }], 400, 'x: "xxx'],
    [[{ op: 'add', path: `/${'x'.repeat(256)}`, value: 'x' }], 400, 'has 256'],
  ])('%j gives %i: %s', async (changes, status, expected) => {
    const before = await show();
    const answer = await patch(changes);
    expect([answer.status, answer.body.error.message]).toEqual([
      status,
      expect.stringContaining(expected),
    ]);
    expect(await show()).toEqual(before);
  });

  test('are applied as a whole or not at all, and concurrently with others', async () => {
    const two = [
      { op: 'add', path: '/first', value: 'x' },
      { op: 'remove', path: '/nosuch' },
    ];
    expect((await patch(two)).status).toBe(409);
    expect(await show()).not.toHaveProperty('first');
    const keys = ['k1', 'k2', 'k3', 'k4'];
    await Promise.all(keys.map((key) => patch([{ op: 'add', path: `/${key}`, value: key }])));
    expect(await show()).toMatchObject({ k1: 'k1', k2: 'k2', k3: 'k3', k4: 'k4' });
  });

  test('of an unknown image, or another project’s, are refused', async () => {
    expect((await patch([], { of: 'nosuch' })).status).toBe(404);
    const { body: foreign } = await post({ visibility: 'private' }, cloud.adminToken);
    expect((await patch([], { of: foreign.id })).status).toBe(404);
    const { body: open } = await post({ visibility: 'public' }, cloud.adminToken);
    expect((await patch([], { of: open.id })).status).toBe(403);
  });
});

describe('an image', () => {
  test.each([
    [undefined, 400, 'The request has no JSON body.'],
    ['null', 400, 'body: null is not allowed'],
    [[], 400, 'body: [] is not allowed'],
    [{ '': 'x' }, 400, 'the name of a property has 1 to 255 characters'],
    [{ 'a\0': 'x' }, 400, 'the null character U+0000'],
    [{ name: 'x\0' }, 400, 'the null character U+0000'],
    [{ id: 'mine' }, 400, 'must be a UUID in lower case'],
    [{ status: 'active' }, 403, "status: Attribute 'status' is read-only."],
    [{ stores: 'x' }, 403, "stores: Attribute 'stores' is read-only."],
    [{ location: 'x' }, 403, "location: Attribute 'location' is reserved."],
    [{ owner: 'other' }, 403, "owner: You are not permitted to create images owned by 'other'."],
    [{ owner: null }, 400, 'owner: null is not allowed'],
    [
      { tags: Array.from({ length: 129 }, () => 't') },
      413,
      'tags of an image. Attempted: 129, Maximum: 128',
    ],
    [
      Object.fromEntries(Array.from({ length: 129 }, (_, at) => [`p${at}`, 'x'])),
      413,
      'properties of an image. Attempted: 129, Maximum: 128',
    ],
    [{ a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) }, 413, 'characters of properties and tags'],
  ])('%j is refused', async (body, status, expected) => {
    const answer = await post(body);
    expect([answer.status, answer.body.error.message]).toEqual([
      status,
      expect.stringContaining(expected),
    ]);
  });

  test('may be created for another project by an admin, within that project’s quotas', async () => {
    const { projectId } = await cloud.identity.service.validate(cloud.demoToken);
    const own = await post({ owner: projectId });
    const given = await post({ owner: projectId }, cloud.adminToken);
    expect([own.status, given.status, given.body.owner]).toEqual([201, 201, projectId]);
    const away = [{ op: 'replace', path: '/owner', value: 'elsewhere' }];
    const moved = await patch(away, { of: given.body.id, token: cloud.adminToken });
    expect(moved.body.owner).toBe('elsewhere');
    expect((await patch([], { of: given.body.id })).status).toBe(404);
  });
});

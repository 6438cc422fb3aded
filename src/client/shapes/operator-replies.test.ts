/** Each route of the operator API has the shape of its reply, and the tests' check knows it. */
import { expect, test } from 'vitest';
import { operatorRoutes } from '#api/operator/routes.ts';
import { wrongInReply } from '#test/operator-replies.ts';
import { aHostView } from '#test/worlds/operator-views.ts';
import { operatorReplies } from './operator-replies.ts';

test('each route of the operator API has a shape, and no other', () => {
  const routes = operatorRoutes.map(({ method, path }) => `${method} ${path}`);
  expect(Object.keys(operatorReplies).toSorted()).toEqual(routes.toSorted());
});

const { name, ...nameless } = aHostView();
const fault = { code: 409, message: 'm' };
const seen = [
  { what: 'of its declared shape', body: { hosts: [aHostView()] }, wrong: [] },
  {
    what: 'with a renamed key',
    body: { hosts: [{ ...nameless, title: name }] },
    wrong: [
      'GET /hosts 200: /hosts/0 must have required properties name',
      'GET /hosts 200: /hosts/0 must not have additional properties title',
    ],
  },
  {
    what: 'with an extra key',
    body: { hosts: [], total: 0 },
    wrong: ['GET /hosts 200: the body must not have additional properties total'],
  },
  { what: 'that is a fault', status: 409, body: { conflictingRequest: fault }, wrong: [] },
  {
    what: 'that is a fault of an unknown name',
    status: 409,
    body: { conflict: fault },
    wrong: ['GET /hosts 409: {"conflict":{"code":409,"message":"m"}} is no fault'],
  },
  {
    what: 'that is a fault of two names',
    status: 409,
    body: { badRequest: fault, conflictingRequest: fault },
    wrong: [expect.stringContaining('is no fault')],
  },
];

test.each(seen)('a reply $what', ({ status = 200, body, wrong }) => {
  const url = '/novella/v1/hosts?limit=2';
  expect(wrongInReply({ method: 'GET', url, status, body })).toEqual(wrong);
});

test('a delete has an empty reply, and a reply without a route is a finding', () => {
  const host = { method: 'DELETE', url: 'http://127.0.0.1:8774/novella/v1/hosts/h', status: 204 };
  expect(wrongInReply({ ...host, body: '' })).toEqual([]);
  expect(wrongInReply({ ...host, body: {} })).toEqual(['DELETE /hosts/h 204: must have no body']);
  expect(wrongInReply({ method: 'GET', url: '/novella/v1/hostz', status: 200, body: {} })).toEqual([
    'GET /hostz 200: no shape is known of it',
  ]);
  expect(wrongInReply({ method: 'GET', url: '/v2.1/servers', status: 200, body: {} })).toEqual([]);
});

/** The rows of key pairs. Every user has them, with any role. */
import { type Route, withBody } from '../requests/route.ts';
import {
  createKeyPair,
  deleteKeyPair,
  keyPairQuery,
  keyPairsQuery,
  listKeyPairs,
  showKeyPair,
} from './key-pairs.ts';
import { createKeyPairBody } from './schemas.ts';

const path = '/os-keypairs';
const one = { path: `${path}/:id`, query: keyPairQuery } as const;

/** The first version with the codes of REST. */
const since = 2;

export const keyPairRoutes: readonly Route[] = [
  {
    method: 'GET',
    path,
    rule: 'os_compute_api:os-keypairs:index',
    query: keyPairsQuery,
    handler: listKeyPairs,
  },
  { method: 'GET', ...one, rule: 'os_compute_api:os-keypairs:show', handler: showKeyPair },
  {
    method: 'POST',
    path,
    rule: 'os_compute_api:os-keypairs:create',
    status: ({ version }) => (version >= since ? 201 : 200),
    ...withBody(createKeyPairBody, createKeyPair),
  },
  {
    method: 'DELETE',
    ...one,
    rule: 'os_compute_api:os-keypairs:delete',
    status: ({ version }) => (version >= since ? 204 : 202),
    handler: deleteKeyPair,
  },
];

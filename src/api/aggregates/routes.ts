/** The rows of `os-aggregates`. Every call is an administrator's and answers 200. */
import { type Route, withBody } from '../requests/route.ts';
import * as aggregates from './aggregates.ts';
import {
  addHostBody,
  changeAggregateBody,
  createAggregateBody,
  removeHostBody,
  setMetadataBody,
} from './schemas.ts';

const path = '/os-aggregates';
const one = `${path}/:id`;
const ofAdmin = { rule: 'admin' } as const;
const acts = { method: 'POST', path: `${one}/action`, ...ofAdmin } as const;

export const aggregateRoutes: Route[] = [
  { method: 'GET', path, ...ofAdmin, handler: aggregates.listAggregates },
  {
    method: 'POST',
    path,
    ...ofAdmin,
    ...withBody(createAggregateBody, aggregates.createAggregate),
  },
  { method: 'GET', path: one, ...ofAdmin, handler: aggregates.showAggregate },
  {
    method: 'PUT',
    path: one,
    ...ofAdmin,
    ...withBody(changeAggregateBody, aggregates.changeAggregate),
  },
  { method: 'DELETE', path: one, ...ofAdmin, handler: aggregates.deleteAggregate },
  { ...acts, action: 'add_host', ...withBody(addHostBody, aggregates.addHost) },
  { ...acts, action: 'remove_host', ...withBody(removeHostBody, aggregates.removeHost) },
  { ...acts, action: 'set_metadata', ...withBody(setMetadataBody, aggregates.setMetadata) },
];

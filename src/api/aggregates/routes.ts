/** The rows of `os-aggregates`. Every call answers 200. */
import { type Route, withBody } from '../requests/route.ts';
import * as aggregates from './aggregates.ts';
import {
  addHostBody,
  cacheImagesBody,
  changeAggregateBody,
  createAggregateBody,
  removeHostBody,
  setMetadataBody,
} from './schemas.ts';

const path = '/os-aggregates';
const one = `${path}/:id`;
const acts = { method: 'POST', path: `${one}/action` } as const;

export const aggregateRoutes: Route[] = [
  {
    method: 'GET',
    path,
    rule: 'os_compute_api:os-aggregates:index',
    handler: aggregates.listAggregates,
  },
  {
    method: 'POST',
    path,
    rule: 'os_compute_api:os-aggregates:create',
    ...withBody(createAggregateBody, aggregates.createAggregate),
  },
  {
    method: 'GET',
    path: one,
    rule: 'os_compute_api:os-aggregates:show',
    handler: aggregates.showAggregate,
  },
  {
    method: 'PUT',
    path: one,
    rule: 'os_compute_api:os-aggregates:update',
    ...withBody(changeAggregateBody, aggregates.changeAggregate),
  },
  {
    method: 'DELETE',
    path: one,
    rule: 'os_compute_api:os-aggregates:delete',
    handler: aggregates.deleteAggregate,
  },
  {
    method: 'POST',
    path: `${one}/images`,
    rule: 'compute:aggregates:images',
    from: 81,
    status: 202,
    ...withBody(cacheImagesBody, aggregates.cacheImages),
  },
  {
    ...acts,
    action: 'add_host',
    rule: 'os_compute_api:os-aggregates:add_host',
    ...withBody(addHostBody, aggregates.addHost),
  },
  {
    ...acts,
    action: 'remove_host',
    rule: 'os_compute_api:os-aggregates:remove_host',
    ...withBody(removeHostBody, aggregates.removeHost),
  },
  {
    ...acts,
    action: 'set_metadata',
    rule: 'os_compute_api:os-aggregates:set_metadata',
    ...withBody(setMetadataBody, aggregates.setMetadata),
  },
];

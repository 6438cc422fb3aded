/**
 * The rows of images (to 2.35) and of their metadata (to 2.38). Nova has no rules for them: the
 * image service decides, with the caller's own token. Source: Nova's version history.
 */
import { metaBody, metadataBody } from '../requests/metadata.ts';
import { type Route, withBody } from '../requests/route.ts';
import { imageKeys } from './filters.ts';
import { deleteImage, listImages, listImagesInDetail, showImage } from './images.ts';
import * as metadata from './metadata.ts';

const ofImages = { rule: 'signed-in', to: 35 } as const;
const ofMetadata = { rule: 'signed-in', to: 38, path: '/images/:id/metadata' } as const;
const ofItem = { ...ofMetadata, path: '/images/:id/metadata/:key' } as const;

export const imageRoutes: readonly Route[] = [
  { ...ofImages, method: 'GET', path: '/images', query: imageKeys, handler: listImages },
  {
    ...ofImages,
    method: 'GET',
    path: '/images/detail',
    query: imageKeys,
    handler: listImagesInDetail,
  },
  { ...ofImages, method: 'GET', path: '/images/:id', handler: showImage },
  { ...ofImages, method: 'DELETE', path: '/images/:id', status: 204, handler: deleteImage },
  { ...ofMetadata, method: 'GET', handler: metadata.listMetadata },
  { ...ofMetadata, method: 'POST', ...withBody(metadataBody, metadata.addMetadata) },
  { ...ofMetadata, method: 'PUT', ...withBody(metadataBody, metadata.replaceMetadata) },
  { ...ofItem, method: 'GET', handler: metadata.showMetadataItem },
  { ...ofItem, method: 'PUT', ...withBody(metaBody, metadata.setMetadataItem) },
  { ...ofItem, method: 'DELETE', status: 204, handler: metadata.deleteMetadataItem },
];

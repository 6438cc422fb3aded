/** `/v2/schemas/…`: what older clients read before they show an image. */
import { imageVisibilities, memberStatuses } from '#contracts/store/image-store.ts';
import { containerFormats, diskFormats } from './files/formats.ts';

const text = { type: ['null', 'string'] };
const number = { type: ['null', 'integer'] };
const readOnly = <Schema extends object>(schema: Schema) => ({ ...schema, readOnly: true });

export const imageSchema = {
  name: 'image',
  properties: {
    id: { type: 'string' },
    name: { ...text, maxLength: 255 },
    status: readOnly({ type: 'string', enum: ['queued', 'saving', 'active', 'deactivated'] }),
    visibility: { type: 'string', enum: imageVisibilities },
    protected: { type: 'boolean' },
    os_hidden: { type: 'boolean' },
    owner: { ...text, maxLength: 255 },
    disk_format: { ...text, enum: [null, ...diskFormats] },
    container_format: { ...text, enum: [null, ...containerFormats] },
    size: readOnly(number),
    virtual_size: readOnly(number),
    checksum: readOnly(text),
    os_hash_algo: readOnly(text),
    os_hash_value: readOnly(text),
    min_disk: { type: 'integer' },
    min_ram: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string', maxLength: 255 } },
    created_at: readOnly({ type: 'string' }),
    updated_at: readOnly({ type: 'string' }),
    self: readOnly({ type: 'string' }),
    file: readOnly({ type: 'string' }),
    schema: readOnly({ type: 'string' }),
  },
  additionalProperties: { type: 'string' },
  links: [
    { rel: 'self', href: '{self}' },
    { rel: 'enclosure', href: '{file}' },
    { rel: 'describedby', href: '{schema}' },
  ],
};

export const memberSchema = {
  name: 'member',
  properties: {
    member_id: { type: 'string' },
    image_id: { type: 'string' },
    status: { type: 'string', enum: memberStatuses },
    created_at: readOnly({ type: 'string' }),
    updated_at: readOnly({ type: 'string' }),
    schema: readOnly({ type: 'string' }),
  },
};

export const membersSchema = {
  name: 'members',
  properties: {
    members: { type: 'array', items: memberSchema },
    schema: { type: 'string' },
  },
  links: [{ rel: 'describedby', href: '{schema}' }],
};

export const imagesSchema = {
  name: 'images',
  properties: {
    images: { type: 'array', items: imageSchema },
    first: { type: 'string' },
    next: { type: 'string' },
    schema: { type: 'string' },
  },
  links: [
    { rel: 'first', href: '{first}' },
    { rel: 'next', href: '{next}' },
    { rel: 'describedby', href: '{schema}' },
  ],
};

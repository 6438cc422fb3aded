/**
 * The actions `addFixedIp` and `removeFixedIp`, until 2.43. Source: Nova `multinic.py` and its
 * schema.
 */
import type { Static } from 'typebox';
import * as field from '../../requests/fields.ts';
import { closed } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { refuseLocked } from '../create/locked.ts';
import { findServer } from '../read/find.ts';

const addBody = closed({ addFixedIp: closed({ networkId: field.uuid }) });
export const addAddressBody = () => addBody;
const removeBody = closed({ removeFixedIp: closed({ address: field.address }) });
export const removeAddressBody = () => removeBody;

export async function addAddress(call: Call<Static<typeof addBody>>): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  await call.context.workflows.addAddress(server, call.body.addFixedIp.networkId);
  return { status: 202 };
}

export async function removeAddress(call: Call<Static<typeof removeBody>>): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  await call.context.workflows.removeAddress(server, call.body.removeFixedIp.address);
  return { status: 202 };
}

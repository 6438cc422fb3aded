/** The ids of a request in logs and in calls to other services. Source: oslo.middleware. */

export interface RequestIds {
  /** Ours; each reply has it. Example: `req-0d6b1d0c-…`. */
  requestId: string;
  /** That of the client's own request, in which it made this one; absent: it sent none. */
  globalRequestId?: string;
}

const form = /^req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The ids of a request with this header `X-OpenStack-Request-ID`. Text of another form is ignored,
 * as OpenStack does: it would be in our logs, and be sent to other services.
 */
export function requestIds(requestId: string, header: unknown): RequestIds {
  const isGlobal = typeof header === 'string' && form.test(header);
  return { requestId, ...(isGlobal && { globalRequestId: header }) };
}

/** How a service words an error. */
export interface ErrorReply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

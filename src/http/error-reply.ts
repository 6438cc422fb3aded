/** The error body of a service. */
export interface ErrorReply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

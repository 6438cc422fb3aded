/** What a failed TLS handshake means, for an operator. */

/** Where the trusted authorities are configured. */
export interface Trust {
  /** The key or option that names their file. Example: `openstack.ca_file`. */
  key: string;
  /** The file, where one is named. */
  caFile?: string | undefined;
}

const unknownIssuer = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);

/**
 * Why the server's certificate is not trusted; undefined for any other error.
 * Example: `its certificate has expired`. Source: OpenSSL's X509_V_ERR codes, and Node's of TLS.
 */
export function tlsFailureReason(error: unknown, { key, caFile }: Trust): string | undefined {
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  if (typeof code !== 'string') return undefined;
  if (unknownIssuer.has(code)) {
    return caFile === undefined
      ? `its certificate is signed by an unknown authority; set ${key} to your CA bundle`
      : `its certificate is signed by no authority of ${key} (${caFile})`;
  }
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code === 'CERT_NOT_YET_VALID')
    return 'its certificate is not valid yet; are the clocks right?';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another host: ${String(reason)}`;
  }
  return undefined;
}

/**
 * What is read of the certificates of many hosts that connect, or are checked, at the same moment:
 * few statements for all of them.
 */
import type { HostCertificate } from '#contracts/store/enrolments.ts';
import type { Store } from '#contracts/store/store.ts';
import { Batches } from '#runtime/batches.ts';

interface CredentialBatches {
  /** The certificate with a serial number, valid or not. */
  certificates: Batches<string, HostCertificate | undefined>;
  /** Whether a host has several valid certificates, or a token without an end. */
  unsettled: Batches<string, boolean>;
}

const limits = { atMost: 500 };

const batchesOfStores = new WeakMap<Store['enrolments'], CredentialBatches>();

export function credentialBatches({ enrolments }: Pick<Store, 'enrolments'>): CredentialBatches {
  const known = batchesOfStores.get(enrolments);
  if (known !== undefined) return known;
  const batches: CredentialBatches = {
    certificates: new Batches(async (serials) => {
      const found = await enrolments.certificates(serials);
      return serials.map((serial) => found.get(serial));
    }, limits),
    unsettled: new Batches(async (hosts) => {
      const found = await enrolments.unsettled(hosts);
      return hosts.map((host) => found.has(host));
    }, limits),
  };
  batchesOfStores.set(enrolments, batches);
  return batches;
}

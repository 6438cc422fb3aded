/** What the guest sees of a NIC that the host emulates: model, queues. NICs that are a device of their own have none of it. */
import { isTrue } from '../pci/boolean-text.ts';
import { refuse, type Verdict } from '../reason.ts';
import type { NicFrontend, NicRate } from './guest.ts';

/** What flavor, image and host settings ask of a server's NICs. All texts as their owner wrote them. */
export interface NicWishes {
  vcpus: number;
  /** Example: `{ 'hw:vif_multiqueue_enabled': 'true' }`. */
  extraSpecs: Readonly<Record<string, string>>;
  /** Example: `{ hw_vif_model: 'e1000' }`. */
  imageProperties: Readonly<Record<string, string>>;
  /** The host's queue sizes; null: the hypervisor's default. */
  rxQueueSize: number | null;
  txQueueSize: number | null;
}

/** NIC models that QEMU has and libvirt accepts. Source: Nova `SUPPORTED_VIF_MODELS`. */
const models = [
  'virtio',
  'ne2k_pci',
  'pcnet',
  'rtl8139',
  'e1000',
  'e1000e',
  'spapr-vlan',
  'vmxnet3',
  'igb',
];

/** Names that images of other hypervisors use. Source: Nova `VIFModel.LEGACY_VALUES`. */
const legacyModels: Record<string, string> = {
  virtuale1000: 'e1000',
  virtuale1000e: 'e1000e',
  virtualpcnet32: 'pcnet',
  virtualvmxnet3: 'vmxnet3',
};

/** The emulated side of a NIC: virtio unless the image names another model. Refuses a model that QEMU lacks, naming it. */
export function planFrontend(wishes: NicWishes): Verdict<{ frontend: NicFrontend }> {
  const wished = wishes.imageProperties['hw_vif_model']?.toLowerCase() ?? 'virtio';
  const model = legacyModels[wished] ?? wished;
  if (!models.includes(model)) {
    return refuse(
      'unsupported-nic-model',
      `image property hw_vif_model "${wished}": must be one of ${models.join(', ')}`,
      { model: wished },
    );
  }
  if (model !== 'virtio') {
    return { ok: true, frontend: { ...plainFrontend, model, rxQueueSize: wishes.rxQueueSize } };
  }
  return {
    ok: true,
    frontend: {
      model,
      queues: wantsMultiqueue(wishes) ? wishes.vcpus : null,
      rxQueueSize: wishes.rxQueueSize,
      txQueueSize: wishes.txQueueSize,
    },
  };
}

/** Everything left to the hypervisor. */
export const plainFrontend: NicFrontend = {
  model: null,
  queues: null,
  rxQueueSize: null,
  txQueueSize: null,
};

/** One queue per vcpu, asked for by flavor or image; pointless with one vcpu. Source: Nova `get_vif_multiqueue_constraint`. */
function wantsMultiqueue(wishes: NicWishes): boolean {
  if (wishes.vcpus < 2) return false;
  const text =
    wishes.extraSpecs['hw:vif_multiqueue_enabled'] ??
    wishes.imageProperties['hw_vif_multiqueue_enabled'];
  return isTrue(text);
}

/**
 * The limits that a flavor puts on its NICs, or null. A direction counts only with an average.
 * Example: `{ 'quota:vif_inbound_average': '1000' }`. Source: Nova `set_vif_bandwidth_config`.
 */
export function planBandwidth(
  extraSpecs: Readonly<Record<string, string>>,
): { inbound: NicRate; outbound: NicRate } | null {
  const inbound = rate(extraSpecs, 'inbound');
  const outbound = rate(extraSpecs, 'outbound');
  const limited = [inbound, outbound].some((side) => (side.average ?? '') !== '');
  return limited ? { inbound, outbound } : null;
}

function rate(extraSpecs: Readonly<Record<string, string>>, side: string): NicRate {
  const average = extraSpecs[`quota:vif_${side}_average`];
  if (average === undefined) return {};
  const peak = extraSpecs[`quota:vif_${side}_peak`];
  const burst = extraSpecs[`quota:vif_${side}_burst`];
  return {
    average,
    ...(peak !== undefined && { peak }),
    ...(burst !== undefined && { burst }),
  };
}

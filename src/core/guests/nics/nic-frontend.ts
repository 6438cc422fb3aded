/**
 * The guest's side of an emulated NIC: model, queues. NICs that are passed-through devices have
 * none.
 */
import { isTrue } from '../../pci/devices/boolean-text.ts';
import { refuse, type Verdict } from '../../reason.ts';
import type { NicFrontend, NicRate } from '../description/guest.ts';

/** What flavor, image and host settings require of a server's NICs. All texts as written. */
export interface NicOptions {
  vcpus: number;
  /** Example: `{ 'hw:vif_multiqueue_enabled': 'true' }`. */
  extraSpecs: Readonly<Record<string, string>>;
  /** Example: `{ hw_vif_model: 'e1000' }`. */
  imageProperties: Readonly<Record<string, string>>;
  /** The host's queue sizes; null: the hypervisor's default. */
  rxQueueSize: number | null;
  txQueueSize: number | null;
  /** Most queues of one NIC that the host supports; null: as many as vcpus. */
  maxQueues: number | null;
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

/**
 * The emulated NIC's model: virtio unless the image names another. Refuses one that QEMU lacks,
 * naming it. Example: `{ hw_vif_model: 'VirtualE1000' }` → `e1000`.
 */
export function nicModel(
  imageProperties: NicOptions['imageProperties'],
): Verdict<{ model: string }> {
  const requested = imageProperties['hw_vif_model']?.toLowerCase() ?? 'virtio';
  const legacy = Object.hasOwn(legacyModels, requested) ? legacyModels[requested] : undefined;
  const model = legacy ?? requested;
  if (models.includes(model)) return { ok: true, model };
  return refuse(
    'unsupported-nic-model',
    `image property hw_vif_model "${requested}": must be one of ${models.join(', ')}`,
    { model: requested },
  );
}

/** The emulated side of a NIC. Refuses what `nicModel` refuses. */
export function planFrontend(options: NicOptions): Verdict<{ frontend: NicFrontend }> {
  const chosen = nicModel(options.imageProperties);
  if (!chosen.ok) return chosen;
  const { model } = chosen;
  const isVirtio = model === 'virtio';
  const packed = requestedSwitch(options, 'virtio_packed_ring');
  // One queue for each vcpu; with one vcpu there is nothing to share.
  const mayShare = isVirtio && options.vcpus > 1;
  const multiqueue = mayShare ? requestedSwitch(options, 'vif_multiqueue_enabled') : notRequested;
  if (!packed.ok) return packed;
  if (!multiqueue.ok) return multiqueue;
  return {
    ok: true,
    frontend: {
      model,
      queues: multiqueue.on ? Math.min(options.vcpus, options.maxQueues ?? options.vcpus) : null,
      rxQueueSize: options.rxQueueSize,
      txQueueSize: isVirtio ? options.txQueueSize : null,
      packed: isVirtio && packed.on,
    },
  };
}

/** A passed-through NIC has no emulated side, but flavor and image must not conflict. */
export function planNoFrontend(options: NicOptions): Verdict<{ frontend: NicFrontend }> {
  const packed = requestedSwitch(options, 'virtio_packed_ring');
  return packed.ok ? { ok: true, frontend: plainFrontend } : packed;
}

/** Everything left to the hypervisor. */
export const plainFrontend: NicFrontend = {
  model: null,
  queues: null,
  rxQueueSize: null,
  txQueueSize: null,
  packed: false,
};

const notRequested = { ok: true as const, on: false };

/**
 * A switch that flavor or image may set; both must agree. Source: Nova `_get_flavor_image_meta`,
 * `FlavorImageConflict`.
 */
function requestedSwitch(options: NicOptions, name: string): Verdict<{ on: boolean }> {
  const ofFlavor = options.extraSpecs[`hw:${name}`];
  const ofImage = options.imageProperties[`hw_${name}`];
  if (ofFlavor !== undefined && ofImage !== undefined && isTrue(ofFlavor) !== isTrue(ofImage)) {
    return refuse(
      'flavor-image-conflict',
      `flavor hw:${name} is "${ofFlavor}" but image hw_${name} is "${ofImage}": must agree`,
    );
  }
  return { ok: true, on: isTrue(ofFlavor ?? ofImage) };
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

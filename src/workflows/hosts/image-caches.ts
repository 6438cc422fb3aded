/**
 * Images that hosts are requested to have before a server needs them. Requests of administrators,
 * without results: nothing of it is stored, and a host that is not linked is left out.
 */

type Send = (imageId: string) => void;

/** How long a host may fetch an image after it was requested to. Milliseconds. */
const allowedMs = 3_600_000;
/** Images that one host is allowed at a time; the oldest is forgotten. */
const mostAllowed = 100;

export class ImageCaches {
  readonly #now: () => number;
  readonly #elsewhere: ((hostId: string, imageId: string) => boolean) | undefined;
  readonly #hosts = new Map<string, Send>();
  /** Until when each image is allowed, by host. */
  readonly #allowed = new Map<string, Map<string, number>>();

  /**
   * `now`: monotonic milliseconds. `elsewhere`: requests it of a host that is linked to another
   * controller; false: there is none.
   */
  constructor(now: () => number, elsewhere?: (hostId: string, imageId: string) => boolean) {
    this.#now = now;
    this.#elsewhere = elsewhere;
  }

  /** The host fetches images on request by this link. Returns the function that ends that. */
  linked(hostId: string, send: Send): () => void {
    this.#hosts.set(hostId, send);
    return () => {
      if (this.#hosts.get(hostId) === send) this.#hosts.delete(hostId);
    };
  }

  /** False: the host is not linked, or its agent is older. */
  request(hostId: string, imageId: string): boolean {
    return this.passOn(hostId, imageId) || this.#elsewhere?.(hostId, imageId) === true;
  }

  /** The same for a host that may be linked here. */
  passOn(hostId: string, imageId: string): boolean {
    const send = this.#hosts.get(hostId);
    if (send === undefined) return false;
    this.#allow(hostId, imageId);
    send(imageId);
    return true;
  }

  #allow(hostId: string, imageId: string): void {
    const allowed = this.#allowed.get(hostId) ?? new Map<string, number>();
    allowed.delete(imageId);
    allowed.set(imageId, this.#now() + allowedMs);
    const [oldest] = allowed.keys();
    if (allowed.size > mostAllowed && oldest !== undefined) allowed.delete(oldest);
    this.#allowed.set(hostId, allowed);
  }

  /** Was the host requested to fetch this image lately? */
  allows(hostId: string, imageId: string): boolean {
    return (this.#allowed.get(hostId)?.get(imageId) ?? -Infinity) > this.#now();
  }
}

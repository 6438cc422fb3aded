/**
 * What a project's members may read of a failure: nothing that names a host, its amounts, or how
 * many hosts there are.
 */

/**
 * Failures whose text is about the user's own input (image, port, network) or does not mention a
 * host. The entire message must match.
 */
const userMessages = [
  /^image [\w-]+ no longer exists$/,
  /^image [\w-]+(?: has| is|:) (?!.*was cut off)[^/]*$/,
  /^image property [\w-]+ [^/]*$/,
  /^(?:networks\[\d+\]|interfaceAttachment)\..*$/,
  /^Port [\w-]+ (?:could not be found|is still in use)\.$/,
  /^port [\w-]+: its binding:vnic_type was changed to [\w-]+ while it was being bound$/,
  /^the host of instance [\w-]+ has not answered '\w+' within \d+ s$/,
  /^the request ended before its port was made$/,
  /^The host of the server stopped reporting\.$/,
  /^The live migration was aborted: the server is where it was\.$/,
  /^(?:Error|internal error)$/,
];

const shortened: [start: RegExp, text: (found: RegExpMatchArray) => string][] = [
  [/^No valid host was found\./, (found) => `${found[0]} There are not enough hosts available.`],
  [/^No host could start the server\./, (found) => found[0]],
  [
    /^(Failed to (?:bind a port|claim PCI devices) for instance [\w-]+) on host /,
    (found) => `${found[1]}.`,
  ],
];

/**
 * A failure's message for members; administrators read it as it is. What is not known to be
 * harmless becomes one general sentence. Example: `No valid host was found. host-1: pci: physnet2:
 * 0 of 1 VF free` → `No valid host was found. There are not enough hosts available.` Source: Nova
 * `NoValidHost`, and its policy for `fault.details`.
 */
export function memberText(message: string): string {
  if (userMessages.some((pattern) => pattern.test(message))) return message;
  for (const [start, text] of shortened) {
    const found = message.match(start);
    if (found !== null) return text(found);
  }
  return 'The host could not complete the request. An administrator can see the reason.';
}

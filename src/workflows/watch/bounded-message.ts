/**
 * Bounds of the texts of a host: errors of its programs may be of any length, and anything that it
 * reads from a device or a guest may have U+0000, which PostgreSQL cannot store. They are cut, not
 * refused: a host must not lose its link over an error message.
 */
import type { CommandResult, HostReport, ToController } from '#contracts/host/host-link.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import { withoutNullCharacters } from '#runtime/messages/null-characters.ts';
import { shortenedText } from '#core/shortened-text.ts';

/** Of a message, and of the JSON of a problem's data. Characters. */
const mostOfMessage = 4_096;
/** Of the detail of a failed command: stack traces, and what was not undone. Characters. */
const mostOfDetail = 16_384;

/** The message with all such texts cut; the data of a problem that has too much is left out. */
export function boundedMessage(given: ToController): ToController {
  const message = withoutNullCharacters(given);
  switch (message.type) {
    case 'hello':
    case 'report':
      return { ...message, report: boundedReport(message.report) };
    case 'result':
      return { ...message, result: boundedResult(message.result) };
    case 'console': {
      const { answer } = message;
      if (!('problem' in answer)) return message;
      return { ...message, answer: { ...answer, problem: short(answer.problem) } };
    }
    case 'guest-changed':
    case 'heartbeat':
    case 'traffic':
      return message;
  }
}

function boundedReport(report: HostReport): HostReport {
  const { problems, devices } = report;
  return {
    ...report,
    ...(problems !== undefined && { problems: problems.map(boundedProblem) }),
    devices: devices.map((device) => {
      const { quarantine } = device.function;
      if (quarantine === undefined) return device;
      return { ...device, function: { ...device.function, quarantine: short(quarantine) } };
    }),
  };
}

function boundedProblem({ data, ...problem }: HostProblem): HostProblem {
  const isKept = data !== undefined && JSON.stringify(data).length <= mostOfMessage;
  return { ...problem, message: short(problem.message), ...(isKept && { data }) };
}

function boundedResult(result: CommandResult): CommandResult {
  if (result.ok) return result;
  const { message, detail } = result;
  return { ...result, message: short(message), detail: shortenedText(detail, mostOfDetail) };
}

const short = (text: string): string => shortenedText(text, mostOfMessage);

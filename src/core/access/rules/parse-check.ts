/**
 * Reads a check of oslo.policy. Example: `role:member and project_id:%(project_id)s`. Precedence:
 * `not`, `and`, `or`. Source: oslo.policy documentation, "Policy Rule Expressions".
 */
import { closestName } from '../../closest-name.ts';
import { ComputeError } from '../../errors.ts';
import {
  type Check,
  type Credential,
  credentialNames,
  type TargetKey,
  targetNames,
} from './check.ts';

interface Token {
  is: 'open' | 'close' | 'and' | 'or' | 'not' | 'word' | 'end';
  text: string;
  /** From 1. */
  at: number;
}

const deepest = 100;

/**
 * The tree of a check; the empty text always holds. `place` names file and rule in errors. Throws
 * `invalid` with the column and what was expected there.
 */
export function parseCheck(text: string, place: string): Check {
  if (text.trim() === '') return { is: 'always' };
  return new Parser(tokensOf(text), place).whole();
}

/**
 * The old list form: any of the inner lists, of each all checks. The empty list always holds.
 * Example: `[['role:admin'], ['role:member', 'project_id:%(project_id)s']]`.
 */
export function parseCheckList(
  lists: readonly (string | readonly string[])[],
  place: string,
): Check {
  if (lists.length === 0) return { is: 'always' };
  const any = lists.map((list): Check => {
    const checks = [list].flat().map((text) => parseCheck(text, place));
    const [first] = checks;
    if (first === undefined) throw new ComputeError('invalid', `${place}: has an empty inner list`);
    return checks.length === 1 ? first : { is: 'all', checks };
  });
  const [first] = any;
  return any.length === 1 && first !== undefined ? first : { is: 'any', checks: any };
}

/** A word ends at a blank or at a parenthesis that is not of its own `%(…)s` or quotes. */
function tokensOf(text: string): Token[] {
  const pattern = /\s*(?:(\()|(\))|((?:%\([^()\s]*\)s?|'[^']*'|"[^"]*"|[^\s()])+))/gy;
  const tokens: Token[] = [];
  for (const match of text.matchAll(pattern)) {
    const [whole, open, close, word = ''] = match;
    const read = open ?? close ?? word;
    const at = match.index + whole.length - read.length + 1;
    tokens.push({ is: kindOf(read), text: read, at });
  }
  return [...tokens, { is: 'end', text: 'the end', at: text.trimEnd().length + 1 }];
}

function kindOf(text: string): Token['is'] {
  if (text === '(') return 'open';
  if (text === ')') return 'close';
  const lower = text.toLowerCase();
  return lower === 'and' || lower === 'or' || lower === 'not' ? lower : 'word';
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #place: string;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], place: string) {
    this.#tokens = tokens;
    this.#place = place;
  }

  whole(): Check {
    const check = this.#any();
    const { is, text, at } = this.#peek();
    if (is !== 'end') throw this.#refusal(at, `expected "and", "or" or the end, found ${text}`);
    return check;
  }

  #any(): Check {
    return this.#joined('or', 'any', () => this.#joined('and', 'all', () => this.#one()));
  }

  // oxlint-disable-next-line max-params -- the operator, its node and its operands
  #joined(operator: 'and' | 'or', is: 'all' | 'any', operand: () => Check): Check {
    const first = operand();
    const checks = [first];
    while (this.#peek().is === operator) {
      this.#next += 1;
      checks.push(operand());
    }
    return checks.length === 1 ? first : { is, checks };
  }

  #one(): Check {
    const token = this.#peek();
    this.#next += 1;
    if (token.is === 'word') return this.#check(token);
    if (token.is !== 'not' && token.is !== 'open') {
      const found = token.is === 'end' ? token.text : `"${token.text}"`;
      throw this.#refusal(token.at, `expected a check such as role:member, found ${found}`);
    }
    this.#depth += 1;
    if (this.#depth > deepest) throw this.#refusal(token.at, `is nested more than ${deepest} deep`);
    const inner: Check =
      token.is === 'not' ? { is: 'not', check: this.#one() } : this.#closed(token);
    this.#depth -= 1;
    return inner;
  }

  #closed(open: Token): Check {
    const check = this.#any();
    const { is, text, at } = this.#peek();
    if (is !== 'close') {
      throw this.#refusal(at, `expected ")" for the "(" in column ${open.at}, found ${text}`);
    }
    this.#next += 1;
    return check;
  }

  #check({ text, at }: Token): Check {
    if (text === '@') return { is: 'always' };
    if (text === '!') return { is: 'never' };
    const [, kind = '', value = ''] = /^('[^']*'|"[^"]*"|[^:]*):(.*)$/s.exec(text) ?? [];
    if (kind === '' || value === '') {
      throw this.#refusal(at, `expected a check such as role:member, found "${text}"`);
    }
    if (kind === 'role') return { is: 'role', role: this.#plain(value, at) };
    if (kind === 'rule') return { is: 'rule', name: value, at };
    if (kind === 'is_admin') return { is: 'admin', expected: this.#flag(value, at) };
    return { is: 'equal', left: this.#left(kind, at), right: this.#right(value, at) };
  }

  #plain(value: string, at: number): string {
    if (!value.includes('%(')) return value;
    throw this.#refusal(at, `expected the name of a role, found ${value}`);
  }

  #flag(value: string, at: number): boolean {
    if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
    throw this.#refusal(at, `expected is_admin:True or is_admin:False, found is_admin:${value}`);
  }

  #left(kind: string, at: number): { credential: Credential } | { text: string } {
    const [, quoted] = /^['"](.*)['"]$/s.exec(kind) ?? [];
    if (quoted !== undefined) return { text: quoted };
    if (/^(None|True|False|\d+)$/.test(kind)) return { text: kind };
    const credential = credentialNames.find((name) => name === kind);
    if (credential !== undefined) return { credential };
    const known = ['role', 'rule', 'is_admin', ...credentialNames];
    const hint = hintOf(kind, known);
    throw this.#refusal(at, `the check "${kind}:" is not supported, only ${listed(known)}${hint}`);
  }

  #right(value: string, at: number): { target: TargetKey } | { text: string } {
    const [, key] = /^%\((.*)\)s$/.exec(value) ?? [];
    if (key === undefined && !value.includes('%(')) return { text: unquoted(value) };
    const target = targetNames.find((name) => name === key);
    if (target !== undefined) return { target };
    const forms = targetNames.map((name) => `%(${name})s`);
    throw this.#refusal(at, `expected a value, ${listed(forms)}, found ${value}`);
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { is: 'end', text: 'the end', at: 1 };
  }

  #refusal(at: number, problem: string): ComputeError {
    return new ComputeError('invalid', `${this.#place}: column ${at} of the check: ${problem}`);
  }
}

function unquoted(value: string): string {
  return /^(['"])(.*)\1$/s.exec(value)?.[2] ?? value;
}

function hintOf(kind: string, known: readonly string[]): string {
  const meant = closestName(kind, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

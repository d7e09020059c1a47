/** Reads the input of `dstream transform test`: a change a line, as outputs write them or in a short form. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import {
  asDStreamError,
  DStreamError,
  envelopeProblem,
  inCurrentVersion,
  roundedNumber,
  type StampedEvent,
} from '@dstream/core';
import type { TrialChange } from '@dstream/processor/trial';

/** A change of the input. */
export interface InputChange extends TrialChange {
  /** From 1, blank lines included. */
  readonly line: number;
}

/** A line that cannot be read. */
export interface UnreadableLine {
  readonly line: number;
  readonly error: DStreamError;
}

/** Longest line, in characters: beyond it the wrong file was named. */
const maxLineLength = 16_777_216;

/** @param path `-` is standard input. Throws ConfigInvalid, which names the file, when it cannot be read or is not text. */
export async function* readChanges(path: string): AsyncGenerator<InputChange | UnreadableLine> {
  let line = 0;
  for await (const text of linesOf(path)) {
    line += 1;
    if (text.trim() !== '') yield tryParse(text.trim(), line);
  }
}

function tryParse(text: string, line: number): InputChange | UnreadableLine {
  try {
    return parseChange(text, line);
  } catch (error) {
    return { line, error: asDStreamError(error) };
  }
}

/**
 * A line with `metadata.version` is taken as it is. Another one is a short form: `data`, where wanted `before`, and any
 * fields of `metadata`; what is missing gets a default. Throws MalformedMessage.
 */
export function parseChange(text: string, line: number): InputChange {
  const given = parsed(text);
  const isShort = isObject(given) && !(isObject(given['metadata']) && 'version' in given['metadata']);
  const envelope = isShort ? withDefaults(given, line) : given;
  const problem = envelopeProblem(envelope);
  if (problem !== undefined) throw malformed(`${problem}${isObject(given) && 'data' in given ? '' : hint}`);
  // The line of a short form is written anew, so the engine would not find it.
  const rounded = isShort ? roundedNumber(text) : undefined;
  if (rounded !== undefined)
    throw malformed(
      `has a number in ${JSON.stringify(rounded)} with more digits than a double holds; write a string`,
    );
  const event = inCurrentVersion(envelope as StampedEvent);
  return { line, event, text: event === given ? text : JSON.stringify(event) };
}

const hint = '; the shortest change is {"data":{"ID":1}}';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed('is not JSON', cause);
  }
}

function malformed(problem: string, cause?: unknown): DStreamError {
  return new DStreamError('MalformedMessage', `the change ${problem}`, { cause });
}

type Given = Readonly<Record<string, unknown>>;

function withDefaults(given: Given, line: number): unknown {
  const { data, before, metadata } = given;
  if (metadata !== undefined && !isObject(metadata)) return given;
  const isUpdate = isObject(before) && isObject(data);
  return {
    ...given,
    metadata: {
      version: 2,
      id: `line-${line}`,
      source: 'sqlserver',
      server: 'server',
      database: 'database',
      ...tableOf(metadata ?? {}),
      operation: isUpdate ? 'update' : 'insert',
      key: null,
      ...(isUpdate && { changed: changedColumns(before, data) }),
      origin: {},
      sequence: 1,
      committedAt: '2026-01-01T00:00:00.000Z',
      position: String(line).padStart(10, '0'),
      generation: 1,
      epoch: 1,
      ...withoutTable(metadata ?? {}),
    },
  };
}

/** `Orders` is in dbo; `sales.Orders` names its schema, unless `schema` does. */
function tableOf({ schema, table = 'Table' }: Given): Given {
  const [, named, rest] = (typeof table === 'string' && /^([^.]+)\.(.+)$/.exec(table)) || [];
  return schema === undefined && named !== undefined
    ? { schema: named, table: rest }
    : { schema: schema ?? 'dbo', table };
}

function withoutTable({ schema: _schema, table: _table, ...rest }: Given): Given {
  return rest;
}

function changedColumns(before: Given, data: Given): readonly string[] {
  return Object.keys(data).filter((column) => data[column] !== before[column]);
}

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    const stream: Readable = path === '-' ? process.stdin : createReadStream(path);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > maxLineLength)
        throw unreadable(path, 'a line is longer than 16 MiB; name a file with one change a line');
      yield* lines;
    }
    rest += decoder.decode();
  } catch (error) {
    if (error instanceof DStreamError) throw error;
    throw unreadable(path, reasonOf(error as NodeJS.ErrnoException), error);
  }
  if (rest !== '') yield rest;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist; name it with --input FILE',
  EISDIR: 'it is a directory; name a file in it',
  EACCES: 'the file is not readable; give this user the right to read it',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'the file is not UTF-8 text; save it as UTF-8',
};

function reasonOf({ code = '' }: NodeJS.ErrnoException): string {
  return reasons[code] ?? `the file cannot be read: ${code}`;
}

function unreadable(path: string, reason: string, cause?: unknown): DStreamError {
  return new DStreamError('ConfigInvalid', `${path === '-' ? '<stdin>' : path}: ${reason}`, { cause });
}

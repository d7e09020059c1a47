import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { DStreamError } from '@dstream/core';
import type { Configuration } from './blocks/configuration.ts';
import type { AdapterTypes } from './definitions/adapter-types.ts';
import { parseHclApart } from './text/parse-hcl-apart.ts';
import { readConfiguration, type Use } from './read-configuration.ts';
import type { Environment } from './schema/templates.ts';

/** What a command brings to its file. */
export interface LoadOptions {
  readonly env: Environment;
  readonly use: Use;
  /** The sources, queues, lease stores and outputs that a file may name. */
  readonly types: AdapterTypes;
  /** Refuses a file with notes: each of them is a problem then. */
  readonly strict?: boolean;
}

/**
 * Reads, checks and types a configuration file, or standard input where it is `-`. Called once, at the start of a command; takes about 0.2 s. Throws
 * DStreamError ConfigInvalid whose message lists every problem of the file, each on a line of its own, and NotBuilt
 * when the command needs something that is not built yet. Neither message holds a secret.
 */
export async function loadConfiguration(file: string, options: LoadOptions): Promise<Configuration> {
  const text = await readConfigurationFile(file);
  return await readConfiguration(nameOfFile(file), text, options, parseHclApart);
}

/** Far beyond any configuration: the wrong file was named. */
const maxBytes = 1_048_576;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist; name it with --config FILE',
  ENOTDIR: 'the file does not exist; name it with --config FILE',
  EISDIR: 'it is a directory; name the file in it',
  EACCES: 'the file is not readable; give this user the right to read it',
  EPERM: 'the file is not readable; give this user the right to read it',
};

/** As messages name it: `-` is standard input. */
function nameOfFile(file: string): string {
  return file === '-' ? '<stdin>' : file;
}

/**
 * The text of a configuration file, or of standard input for `-`, without a byte order mark. Rejects with
 * ConfigInvalid, which names the file.
 */
async function readConfigurationFile(path: string): Promise<string> {
  const file = nameOfFile(path);
  // A variable of a script that is not set, most often.
  if (path === '')
    throw new DStreamError('ConfigInvalid', 'the name of the file is empty; write --config FILE');
  const bytes = await readBytes(path === '-' ? process.stdin : createReadStream(path), file);
  if (bytes.byteLength > maxBytes)
    throw refused(file, 'the file is larger than 1 MiB; name a configuration file');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refused(file, 'the file is not UTF-8 text; save it as UTF-8', cause);
  }
}

async function readBytes(stream: Readable, file: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.byteLength;
      // No further than it takes to know that it is too large: it may be a device without an end.
      if (size > maxBytes) break;
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code);
    throw refused(file, reasons[code] ?? `the file cannot be read: ${code}`, cause);
  }
}

function refused(file: string, text: string, cause?: unknown): DStreamError {
  return new DStreamError('ConfigInvalid', `${file}: ${text}`, { cause });
}

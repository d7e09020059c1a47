import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import {
  boolean,
  child,
  defineTransform,
  duration,
  filePath,
  required,
  sizeInBytes,
  withDefault,
  type BlockSchema,
} from '@dstream/config/schema';
import { asDStreamError, DStreamError } from '@dstream/core';
import type { ScriptThread, ScriptThreadOptions } from './script-thread.ts';

const limitKeys = {
  cpu: withDefault(
    duration({ min: '5ms', max: '10s' }),
    '50ms',
    'CPU time of one call: of the default function for one change, of `batch` for its changes.',
  ),
  memory: withDefault(
    sizeInBytes({ min: 1_048_576, max: 1_073_741_824 }),
    33_554_432,
    'Bytes that the script and what it works on may take.',
  ),
} as const;

const limitsSchema: BlockSchema<typeof limitKeys> = {
  type: 'limits',
  doc: 'How far a script may go. A change that makes it go further fails, and the next one finds a new engine.',
  keys: limitKeys,
  blocks: [],
};

/** A script is a function, not a data set. */
const maxFileBytes = 1_048_576;
/** CPU time for loading a script. */
const loadMs = 1000;

/** Of one transform. */
interface ScriptSettings {
  /** Absolute path. */
  readonly file: string;
  readonly cpuMs: number;
  /** In bytes. */
  readonly memory: number;
  readonly allowClock: boolean;
}

/** `transform { type = "script" }`. */
export const scriptType = defineTransform({
  type: 'script',
  doc: 'Runs JavaScript on each change, in an engine that has access to nothing else.',
  keys: {
    file: required(
      filePath,
      'The script, relative to the folder of the configuration file. It exports `default function (change, context)`, or `batch(changes, context)`.',
    ),
    allow_clock: withDefault(
      boolean,
      false,
      'Gives the script a clock and `Math.random`. What it makes of a change may then differ when the change is delivered again after a crash.',
    ),
  },
  blocks: [child(limitsSchema, 'optional')],
  settings: (reading, _findings, { folder }): ScriptSettings => {
    const { cpu, memory } = reading.block(limitsSchema).values;
    const { file, allow_clock: allowClock } = reading.values;
    return { file: resolve(folder, file), cpuMs: cpu, memory, allowClock };
  },
  hides: () => true,
  check: async (settings, reading, findings) => {
    try {
      await using _thread = await threadOf(settings, () => undefined);
    } catch (error) {
      findings.add(reading.placeOf('file'), asDStreamError(error).message);
    }
  },
  open: async (settings, { log, clock }) => {
    const [{ ScriptTransform }, { ScriptLog }] = await Promise.all([
      import('./script-transform.ts'),
      import('./script-log.ts'),
    ]);
    const scriptLog = new ScriptLog(log, clock);
    return new ScriptTransform(await threadOf(settings, (entries) => scriptLog.write(entries)));
  },
});

/** Rejects with ConfigInvalid: no file, no script, no export. */
async function threadOf(
  { file, ...limits }: ScriptSettings,
  logged: ScriptThreadOptions['logged'],
): Promise<ScriptThread> {
  const source = await sourceOf(file);
  const { ScriptThread } = await import('./script-thread.ts');
  return await ScriptThread.open({ name: basename(file), source, loadMs, ...limits, logged });
}

/** Opens nothing but a regular file: a pipe or a device could block, or never end. */
async function sourceOf(file: string): Promise<string> {
  const found = await orUnreadable(file, stat(file));
  if (!found.isFile())
    throw new DStreamError('ConfigInvalid', `${file} is not a regular file; give the path of the script`);
  if (found.size > maxFileBytes)
    throw new DStreamError(
      'ConfigInvalid',
      `${file} has ${found.size} bytes; a script may have ${maxFileBytes}`,
    );
  const bytes = await orUnreadable(file, readFile(file));
  if (!isUtf8(bytes)) throw new DStreamError('ConfigInvalid', `${file} is not UTF-8; save it as UTF-8`);
  return bytes.toString('utf8');
}

async function orUnreadable<T>(file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new DStreamError('ConfigInvalid', `cannot read ${file} (${code}); give the path of the script`, {
      cause,
    });
  }
}

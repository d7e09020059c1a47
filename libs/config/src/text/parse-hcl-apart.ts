import { execFile, type ExecFileException } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DStreamError } from '@dstream/core';
import type { HclParser, Parsed } from './parse-hcl.ts';

/** Generous: starting takes 0.2 s on an idle core, and much longer in a container that is held to a tenth of one. */
const timeoutMs = 30_000;

/** The entry beside this file, as source or as built. */
const entry = fileURLToPath(new URL(`parse-hcl-main${extname(import.meta.url)}`, import.meta.url));

/**
 * Parses in a process of its own, which takes its memory and its globals with it. It gets the text by its standard
 * input and none of our environment. Rejects with DStreamError: Unexpected when that process fails, Transient when the
 * system does not let it start.
 */
export const parseHclApart: HclParser = async (text) => {
  const output = await runParser(text);
  return JSON.parse(output) as Parsed;
};

function runParser(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [entry],
      { env: {}, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(failure(error, stderr));
      },
    );
    // A child that is gone before it has read everything is reported by the callback above.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(text);
  });
}

function failure(error: ExecFileException, stderr: string): DStreamError {
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall?.startsWith('spawn') === true)
    return new DStreamError(
      'Transient',
      `the configuration parser, a process of its own, could not be started (${String(error.code)}): check the limits ` +
        'of open files and processes (ulimit -n, ulimit -u, pids limit of a container) and the free memory',
    );
  return new DStreamError('Unexpected', `the configuration parser failed: ${reason(error, stderr)}`);
}

/** The line of an error in what Node prints before it ends; its last line is Node's version. */
const errorLine = /^(?:\w*Error\b.*|FATAL ERROR: .*)$/m;

/** Without the command line, which `error.message` repeats. */
function reason(error: ExecFileException, stderr: string): string {
  const line = errorLine.exec(stderr)?.[0] ?? stderr.trim().split('\n').at(-1) ?? '';
  const advice = line.includes('MODULE_NOT_FOUND') ? '; the installation is not complete: run npm ci' : '';
  return `${String(error.code ?? error.signal ?? error.name)} ${line}`.trim() + advice;
}

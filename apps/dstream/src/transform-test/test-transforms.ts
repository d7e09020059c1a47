/** Runs `dstream transform test`: before and after of each change in a terminal, else JSON lines. */
import { redactor, type Configuration, type ProcessorConfig } from '@dstream/config';
import { DStreamError, tableName } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { Trial } from '@dstream/processor/trial';
import { adapterServices } from '@dstream/runtime/service-context';
import { paintFor, visibleText } from '@dstream/terminal';
import { load } from '../configuration/load.ts';
import { logFor } from '../process/log.ts';
import { print } from '../process/print.ts';
import { azureCredentials } from '../sign-in/azure-credential.ts';
import { readChanges, type InputChange, type UnreadableLine } from './read-changes.ts';
import { outcomeOf, testedLineView, type Outcome } from './tested-line-view.ts';
import { testedLineText, type TestedLine } from './tested-line.ts';

/** The options of `dstream transform test`. */
export interface TransformTestOptions {
  readonly config: string;
  /** File with a change a line; `-` is standard input. */
  readonly input: string;
  /** The only transform that is applied; undefined for all. */
  readonly transform: string | undefined;
  /** JSON in a terminal too. */
  readonly json: boolean;
}

/** Changes of one call of a transform, at most: as many as a message usually has. */
const maxChanges = 100;

/** Used when the terminal does not report its width. */
const usualColumns = 80;

/** Prints what became of each line. Resolves with the exit code: 1 when a change could not be read or transformed. */
export async function testTransforms(options: TransformTestOptions): Promise<number> {
  if (options.config === '-' && options.input === '-')
    throw new DStreamError('ConfigInvalid', 'only one of --config and --input can be standard input');
  const configuration = await load(options.config, { use: 'validate' });
  const processor = processorOf(configuration, options.transform);
  const log = logFor(configuration, { logLevel: 'debug' });
  const services = adapterServices({ clock: systemClock, log, credential: azureCredentials() });
  await using trial = await Trial.open({ processor, services, only: options.transform });
  const onScreen = process.stdout.isTTY && !options.json;
  const show = onScreen ? viewText : (tested: TestedLine) => `${visibleText(testedLineText(tested))}\n`;
  const counts = await printAll(testedLines(trial, options.input, redactor(configuration)), show);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (total === 0)
    throw new DStreamError(
      'ConfigInvalid',
      `${options.input === '-' ? '<stdin>' : options.input}: no changes to test`,
    );
  if (onScreen) await print(summary(counts, total));
  return counts.failed > 0 ? 1 : 0;
}

function processorOf({ processor, file }: Configuration, transform: string | undefined): ProcessorConfig {
  if (processor === undefined)
    throw new DStreamError('ConfigInvalid', `${file}: no processor block, so there are no transforms`);
  const names = processor.transforms.map(({ name }) => name);
  if (transform === undefined || names.includes(transform)) return processor;
  const known = names.length === 0 ? 'the file has none' : `it has ${names.join(', ')}`;
  throw new DStreamError('ConfigInvalid', `${file}: there is no transform "${transform}"; ${known}`);
}

type Counts = Record<Outcome, number>;

/** Ends early when the reader is gone. */
async function printAll(
  lines: AsyncIterable<TestedLine>,
  show: (tested: TestedLine) => string,
): Promise<Counts> {
  const counts = { changed: 0, unchanged: 0, dropped: 0, failed: 0 };
  for await (const tested of lines) {
    counts[outcomeOf(tested)] += 1;
    if (!(await print(show(tested)))) break;
  }
  return counts;
}

function viewText(tested: TestedLine): string {
  const view = { width: process.stdout.columns || usualColumns, paint: paintFor(true, process.env) };
  return `${testedLineView(tested, view).join('\n')}\n`;
}

function summary(counts: Counts, total: number): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return `\n${total} ${total === 1 ? 'change' : 'changes'}: ${parts.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}\n`;
}

/** @param redact of reasons: a service may repeat what it was sent */
async function* testedLines(
  trial: Trial,
  input: string,
  redact: (text: string) => string,
): AsyncGenerator<TestedLine> {
  const { signal } = new AbortController();
  for await (const run of runsOf(readChanges(input))) {
    if ('error' in run) {
      yield unreadable(run);
      continue;
    }
    for (const { source, made, failures } of await trial.apply(run, signal)) {
      const redacted = failures.map((failure) => ({ ...failure, reason: redact(failure.reason) }));
      yield { line: source.line, source, made, failures: redacted };
    }
  }
}

/** As a processor calls transforms: with changes of one table at a time. */
async function* runsOf(
  lines: AsyncIterable<InputChange | UnreadableLine>,
): AsyncGenerator<readonly InputChange[] | UnreadableLine> {
  let run: InputChange[] = [];
  for await (const next of lines) {
    if (!isOfRun(next, run)) {
      yield run;
      run = [];
    }
    if ('error' in next) yield next;
    else run.push(next);
  }
  yield run;
}

function isOfRun(next: InputChange | UnreadableLine, run: readonly InputChange[]): boolean {
  const [first] = run;
  if (first === undefined) return true;
  const isFull = 'error' in next || run.length === maxChanges;
  return !isFull && tableName(first.event.metadata) === tableName(next.event.metadata);
}

function unreadable({ line, error: { code, message: reason } }: UnreadableLine): TestedLine {
  const failure = { transform: null, code, reason, outcome: 'dead_letter' } as const;
  return { line, source: undefined, made: [], failures: [failure] };
}

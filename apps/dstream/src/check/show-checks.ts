/** Runs `dstream check`: all parts side by side, printed in the order of the file, for people or as JSON. */
import { systemClock } from '@dstream/async';
import { redactor, type Configuration } from '@dstream/config';
import { DStreamError, silentLog } from '@dstream/core';
import type { CheckedPart } from '@dstream/runtime/service-context';
import { paintFor, visibleText } from '@dstream/terminal';
import { load } from '../configuration/load.ts';
import { instanceName } from '../process/environment.ts';
import { interruption } from '../process/interruption.ts';
import { print } from '../process/print.ts';
import { azureCredentials } from '../sign-in/azure-credential.ts';
import { checkDocuments, outcomesOf } from './check-document.ts';
import { partLines, summaryLine, type CheckLinesOptions } from './check-lines.ts';
import { configurationChecks, type CheckedService } from './configuration-checks.ts';
import { fixScript } from './fix-sql.ts';
import { processChecks } from './process-checks.ts';
import { runPart, type PartReport } from './run-part.ts';
import { serviceChecks } from './service-checks.ts';

/** The options of `dstream check`. */
export interface CheckOptions {
  readonly config: string;
  /** Undefined: all that the file has. */
  readonly service: CheckedService | 'server' | undefined;
  /** `auto`: lines in a terminal, else JSON. `sql`: a script with the T-SQL of the source. */
  readonly output: 'auto' | 'text' | 'json' | 'sql';
  /** Longest time of a part, milliseconds. */
  readonly timeoutMs: number;
}

/** Used when the output is no terminal, or one that does not report its width. */
const usualColumns = 80;

/** Prints what was found. Resolves with the exit code: 1 when a check failed, or when it was interrupted. */
export async function showChecks(options: CheckOptions): Promise<number> {
  using interrupted = interruption();
  const configuration = await load(options.config, { use: 'validate' });
  const { signal } = interrupted;
  const run = {
    clock: systemClock,
    limitMs: options.timeoutMs,
    signal,
    redact: redactor(configuration),
    known: configuration.unready.map(({ note }) => note),
  };
  const parts = await partsOf(configuration, options);
  const running = parts.map((part) => runPart(part, run));
  const finished = Promise.allSettled(running);
  try {
    return await printReports(running, configuration, options);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write('dstream: interrupted\n');
    return 1;
  } finally {
    await finished;
  }
}

async function printReports(
  running: readonly Promise<PartReport>[],
  { file }: Configuration,
  { output }: CheckOptions,
): Promise<number> {
  const asText = output === 'text' || (output === 'auto' && process.stdout.isTTY);
  const style = styleOf();
  const reports: PartReport[] = [];
  for (const one of running) {
    const report = await one;
    reports.push(report);
    if (output !== 'sql') await print(asText ? textOf(partLines(report, style)) : jsonOf(report));
  }
  const outcomes = outcomesOf(reports);
  if (output === 'sql') await print(fixScript(file, reports));
  else if (asText) await print(textOf([summaryLine(outcomes, style.paint)]));
  return outcomes.failed > 0 ? 1 : 0;
}

/** In the order of a file: its own checks first. */
async function partsOf(
  configuration: Configuration,
  { service, output }: CheckOptions,
): Promise<readonly CheckedPart[]> {
  const wanted = wantedOf(configuration, service);
  const parts = await adapterParts(configuration, wanted);
  if (output === 'sql') return parts.filter(({ path }) => path === 'ingester.source');
  return [
    configurationChecks(configuration, wanted),
    processChecks(),
    ...parts,
    serviceChecks(configuration),
  ];
}

/** Throws ConfigInvalid for a block that is asked for and is not in the file. */
function wantedOf(configuration: Configuration, service: CheckOptions['service']): readonly CheckedService[] {
  const both = ['ingester', 'processor'] as const;
  if (service === undefined) return both.filter((name) => configuration[name] !== undefined);
  const wanted = service === 'server' ? both : [service];
  const missing = wanted.find((name) => configuration[name] === undefined);
  if (missing === undefined) return wanted;
  throw new DStreamError(
    'ConfigInvalid',
    `${configuration.file}:1: missing block ${missing}, which this command needs; write ${missing} { … }`,
  );
}

async function adapterParts(
  { ingester, processor }: Configuration,
  wanted: readonly CheckedService[],
): Promise<readonly CheckedPart[]> {
  const instance = instanceName(undefined, process.env);
  const context = { clock: systemClock, log: silentLog, credential: azureCredentials(), instance };
  const parts: CheckedPart[] = [];
  if (ingester !== undefined && wanted.includes('ingester')) {
    const { ingesterChecks } = await import('@dstream/ingester/checks');
    parts.push(...ingesterChecks(ingester, context));
  }
  if (processor !== undefined && wanted.includes('processor')) {
    const { processorChecks } = await import('@dstream/processor/checks');
    parts.push(...processorChecks(processor, context));
  }
  return parts;
}

function styleOf(): Required<CheckLinesOptions> {
  const { isTTY, columns } = process.stdout;
  return { width: isTTY ? columns || usualColumns : Infinity, paint: paintFor(isTTY, process.env) };
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function jsonOf(report: PartReport): string {
  return checkDocuments(report)
    .map((document) => `${visibleText(JSON.stringify(document))}\n`)
    .join('');
}

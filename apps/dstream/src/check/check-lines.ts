/** Results of checks as lines for people: a heading for each part, a line for each check, and below it what to run. Pure. */
import type { CheckResult, Remedy } from '@dstream/core';
import { plain, visibleText, wrapText, type Paint, type Style } from '@dstream/terminal';
import type { Outcomes } from './check-document.ts';
import type { PartReport } from './run-part.ts';

/** How the lines look. */
export interface CheckLinesOptions {
  /** Columns of the terminal. Commands are never wrapped, so that they can be copied. */
  readonly width: number;
  readonly paint?: Paint;
}

const signs: Readonly<Record<CheckResult['outcome'], readonly [sign: string, style: Style]>> = {
  passed: ['✓', 'green'],
  warned: ['!', 'yellow'],
  failed: ['✗', 'red'],
};

const indent = '      ';

/** Of one part, with an empty line at its end. */
export function partLines(
  { path, type, results }: PartReport,
  { width, paint = plain }: CheckLinesOptions,
): readonly string[] {
  const kind = type === '' ? '' : `  ${paint('dim', visibleText(type))}`;
  return [
    `${paint('bold', visibleText(path))}${kind}`,
    ...results.flatMap((result) => resultLines(result, { width, paint })),
    '',
  ];
}

function resultLines(result: CheckResult, { width, paint }: Required<CheckLinesOptions>): readonly string[] {
  const [sign, style] = signs[result.outcome];
  const name = result.outcome === 'passed' ? '' : ` (${result.check})`;
  const [first = '', ...others] = wrapText(`${sentenceOf(result)}${name}`, width - 4);
  return [
    `  ${paint(style, sign)} ${first}`,
    ...others.map((line) => `    ${line}`),
    ...(result.outcome === 'passed' ? [] : remedyLines(result.remedy, { width, paint })),
  ];
}

/** A message that does not name its subject is about it. */
function sentenceOf({ subject, message }: CheckResult): string {
  return subject === undefined || message.includes(subject) ? message : `${subject}: ${message}`;
}

function remedyLines(
  { kind, text }: Remedy,
  { width, paint }: Required<CheckLinesOptions>,
): readonly string[] {
  const lines =
    kind === 'advice' ? wrapText(text, width - indent.length) : text.trim().split('\n').map(visibleText);
  return lines.map((line) => `${indent}${paint('cyan', line)}`);
}

/** `12 passed, 1 warning, 2 failed`. */
export function summaryLine({ passed, warned, failed }: Outcomes, paint: Paint = plain): string {
  const some = (count: number, style: Style, text: string) => (count === 0 ? text : paint(style, text));
  return [
    `${passed} passed`,
    some(warned, 'yellow', `${warned} ${warned === 1 ? 'warning' : 'warnings'}`),
    some(failed, 'red', `${failed} failed`),
  ].join(', ');
}

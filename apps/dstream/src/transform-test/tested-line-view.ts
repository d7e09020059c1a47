/** A tested line for a terminal: what happened, and the values in which before and after differ. Pure. */
import { tableName, type StampedEvent } from '@dstream/core';
import type { MadeChange, TrialFailure } from '@dstream/processor/trial';
import { fitLine, plain, visibleText, wrapText, type Paint, type Style } from '@dstream/terminal';
import type { TestedLine } from './tested-line.ts';

/** How the lines look. */
export interface ViewOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint?: Paint;
}

/** What became of a line of the input. */
export type Outcome = 'unchanged' | 'changed' | 'dropped' | 'failed';

const styles: Readonly<Record<Outcome, Style>> = {
  unchanged: 'dim',
  changed: 'green',
  dropped: 'yellow',
  failed: 'red',
};

/** A change on which a transform has failed is `failed`, also where it is delivered all the same. */
export function outcomeOf({ source, made, failures }: TestedLine): Outcome {
  if (failures.length > 0) return 'failed';
  const [only] = made;
  if (only === undefined) return 'dropped';
  return made.length === 1 && only.text === source?.text ? 'unchanged' : 'changed';
}

/** None is longer than `width`. */
export function testedLineView(tested: TestedLine, { width, paint = plain }: ViewOptions): readonly string[] {
  const { source, made, failures } = tested;
  const single = made.length === 1 ? made[0] : undefined;
  const lines = [
    `${headOf(tested, paint)}${single === undefined ? '' : routeText(single)}`,
    ...failures.flatMap((failure) => failureLines(failure, width, paint)),
    ...(single === undefined
      ? made.flatMap((one, index) => partLines(one, index + 1, source?.event, paint))
      : differences(source?.event, single.event, paint)),
  ];
  return lines.map((line) => fitLine(line, width));
}

function headOf(tested: TestedLine, paint: Paint): string {
  const outcome = outcomeOf(tested);
  const { line, source, made } = tested;
  const event = source?.event;
  const what = event === undefined ? '' : ` ${tableName(event.metadata)} ${event.metadata.operation}`;
  const parts = made.length > 1 ? ` into ${made.length}` : '';
  return `${paint('dim', String(line))}${visibleText(what)} ${paint(styles[outcome], `${outcome}${parts}`)}`;
}

function routeText({ route }: MadeChange): string {
  if (route === null) return '';
  if (route.length === 0) return ' → no output';
  const names = route.map(({ output, destination }) =>
    destination === undefined ? output : `${output} (${destination})`,
  );
  return visibleText(` → ${names.join(', ')}`);
}

const consequences: Readonly<Record<TrialFailure['outcome'], string>> = {
  retry: 'would be tried again',
  dead_letter: 'would be dead-lettered',
  drop: 'dropped by on_error',
  pass: 'delivered as it was by on_error',
};

function failureLines(failure: TrialFailure, width: number, paint: Paint): readonly string[] {
  const { transform, code, reason, outcome } = failure;
  const who = transform === null ? '' : `transform ${transform}: `;
  const text = `${who}${reason} (${code}; ${consequences[outcome]})`;
  return wrapText(text, width - 4).map((line, n) => `  ${n === 0 ? paint('red', '!') : ' '} ${line}`);
}

function partLines(
  made: MadeChange,
  part: number,
  before: StampedEvent | undefined,
  paint: Paint,
): readonly string[] {
  const head = `  ${paint('dim', `${part}.`)} ${visibleText(made.event.metadata.operation)}${routeText(made)}`;
  return [head, ...differences(before, made.event, paint).map((line) => `  ${line}`)];
}

function differences(before: StampedEvent | undefined, after: StampedEvent, paint: Paint): readonly string[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const names = [...new Set([...now.keys(), ...old.keys()])].filter(
    (name) => old.get(name) !== now.get(name),
  );
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    const shown = visibleText(name).padEnd(width);
    if (was === undefined) return `  ${paint('green', `+ ${shown}  ${visibleText(is ?? '')}`)}`;
    if (is === undefined) return `  ${paint('red', `- ${shown}  ${visibleText(was)}`)}`;
    return `  ${paint('yellow', `~ ${shown}`)}  ${paint('red', visibleText(was))} → ${paint('green', visibleText(is))}`;
  });
}

/** As expressions name them (`data.Name`, `metadata.key.ID`), each as JSON. */
function valuesOf(event: StampedEvent | undefined): ReadonlyMap<string, string> {
  if (event === undefined) return new Map();
  const { data, before, metadata } = event;
  const { key, id: _shown, ...rest } = metadata;
  return new Map([
    ...fieldsOf('data', data),
    ...fieldsOf('before', before),
    ...fieldsOf('metadata.key', key),
    ...fieldsOf('metadata', rest),
  ]);
}

function fieldsOf(path: string, fields: object | null | undefined): readonly (readonly [string, string])[] {
  return Object.entries(fields ?? {}).map(([name, value]) => [
    `${path}.${name}`,
    JSON.stringify(value) ?? '',
  ]);
}

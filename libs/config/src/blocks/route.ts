/** The blocks `route`, and `default_outputs`: which outputs get a change. */
import type { FileContext } from '../definitions/adapter-types.ts';
import { onceSet } from '../definitions/block-type.ts';
import { canonicalPath } from '../schema/context.ts';
import { optional, required, type BlockSchema, type Reading } from '../schema/schema.ts';
import type { Place } from '../text/hcl-document.ts';
import { nearest } from '../values/nearest.ts';
import { text } from '../values/scalars.ts';
import { faulty, sound, textOf, type ValueType } from '../values/value-type.ts';
import type { OutputConfig, RouteConfig } from './configuration.ts';
import { matchChild, readMatch } from './match.ts';

/** Names of outputs, none twice; an empty list is none at all. */
export const outputNames: ValueType<readonly string[]> = {
  expected: 'list of output names',
  blank: [],
  read: (given) => {
    if (!Array.isArray(given.value))
      return faulty(`${given.shown} is not a list of output names`, 'write ["orders"]');
    const other = given.items.find((item) => textOf(item) === undefined);
    if (other !== undefined)
      return faulty(`${other.shown} is not the name of an output`, 'write it in double quotes');
    const names = given.items.map(textOf).filter((name) => name !== undefined);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    return twice === undefined ? sound(names) : faulty(`duplicate output ${twice}`, 'remove one');
  },
};

const condition = text({
  what: 'a condition',
  pattern: /\S/,
  right: `write an expression, as in "metadata.operation == 'delete'"`,
});

const routeKeys = {
  outputs: required(
    outputNames,
    'Outputs that get the changes that match, by their names. An empty list drops them, counted.',
  ),
  when: optional(
    condition,
    'all that match',
    'A condition on the change, in CEL: `data`, `before` and `metadata` are those of the message.',
  ),
} as const;

/** `route "name" { … }`. */
export const routeSchema: BlockSchema<typeof routeKeys> = {
  type: 'route',
  doc: 'Selects outputs. A change goes to the outputs of every route that matches it, to each of them once.',
  keys: routeKeys,
  blocks: [matchChild],
};

/** One route of a file. */
export function readRoute(
  reading: Reading<typeof routeKeys>,
  outputs: readonly OutputConfig[],
  context: FileContext,
): RouteConfig {
  // The variables of this block: a condition of another one may still be checked and opened.
  const unset = context.unset.only((path) => path.startsWith(`${reading.place.path}.`));
  const { when, outputs: names } = reading.values;
  checkNames(names, reading.placeOf('outputs'), outputs, context);
  const { predicates } = context.types;
  if (when !== undefined) {
    context.checks.push({
      unset,
      run: async () => {
        const fault = await predicates.check(when);
        if (fault !== undefined) context.problems.add(reading.placeOf('when'), fault);
      },
    });
  }
  return {
    path: canonicalPath(reading.place.path),
    name: reading.label,
    match: readMatch(reading),
    when: when === undefined ? undefined : { text: when, open: onceSet(unset, () => predicates.open(when)) },
    outputs: names,
  };
}

/** Reports names that no output has, and notes when none of the outputs is required. */
export function checkNames(
  names: readonly string[],
  at: Place,
  outputs: readonly OutputConfig[],
  context: FileContext,
): void {
  const { problems } = context;
  const known = outputs.map(({ name }) => name);
  for (const name of names.filter((one) => !known.includes(one))) {
    const meant = nearest(name, known);
    const right = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${meant}"?`;
    problems.add(at, `there is no output "${name}"; ${right}`);
  }
  noteOptionalOnly(names, at, outputs, context);
}

function noteOptionalOnly(
  names: readonly string[],
  at: Place,
  outputs: readonly OutputConfig[],
  { problems }: FileContext,
): void {
  const named = outputs.filter(({ name }) => names.includes(name));
  if (named.length === 0 || named.some(({ required: isRequired }) => isRequired)) return;
  problems.addNote(
    at,
    'none of these outputs is required: what their buffers drop, or a crash loses, is gone',
  );
}

import { choice, defineTransform, required, text, withDefault } from '@dstream/config/schema';
import { celPredicates } from '../cel/cel-predicates.ts';

const condition = text({
  what: 'a condition',
  pattern: /\S/,
  right: `write an expression, as in "double(data.Amount) > 100.0"`,
});

/** `transform { type = "filter" }`. */
export const filterType = defineTransform({
  type: 'filter',
  doc: 'Keeps changes for which a condition holds, and drops the others, counted.',
  keys: {
    when: required(
      condition,
      'The condition, in CEL: `data`, `before` (null where there is none) and `metadata` are those of the message. A change for which it cannot be evaluated fails.',
    ),
    leaving: withDefault(
      choice(['drop', 'delete']),
      'drop',
      'What becomes of an update after which the condition no longer holds, and before which it did: "delete" makes it a delete of the row.',
    ),
  },
  settings: ({ values: { when, leaving } }) => ({ when, leaving }),
  hides: () => false,
  check: async ({ when }, reading, findings) => {
    const fault = await celPredicates.check(when);
    if (fault !== undefined) findings.add(reading.placeOf('when'), fault);
  },
  open: async ({ when, leaving }) => {
    const [{ FilterTransform }, predicate] = await Promise.all([
      import('./filter-transform.ts'),
      celPredicates.open(when),
    ]);
    return new FilterTransform({ when: predicate, leaving });
  },
});

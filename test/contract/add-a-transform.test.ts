/** A kind of transform that somebody adds, as libs/transforms/README.md says: one that reverses words. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { redactor, referencePage, type AdapterTypes, type Configuration, type Use } from '@dstream/config';
import { conceal, defineTransform, optional, required, text } from '@dstream/config/schema';
import {
  DStreamError,
  type Row,
  type StampedEvent,
  type Transform,
  type TransformCall,
  type Transformed,
} from '@dstream/core';
import { composeIngester } from '@dstream/ingester';
import { composeProcessor } from '@dstream/processor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eachEvent } from '../../libs/transforms/src/events/each-event.ts';
import { contextOf, inMemoryTypes, loadText, refusalOf, running } from '../support/in-memory-types.ts';
import { loadedTransform } from '../support/loaded-transform.ts';
import { sectionsOf } from '../support/page-sections.ts';
import { until } from '../support/until.ts';
import { transformContract } from './transform.ts';

/** Reverses the word in one column, in both images. Where there is none, the change stays the same object. */
class ReverseTransform implements Transform {
  readonly #column: string;

  constructor(column: string) {
    this.#column = column;
  }

  apply(events: readonly StampedEvent[], call: TransformCall): Promise<readonly Transformed[]> {
    return eachEvent(events, call, (event) => [this.#one(event)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #one(event: StampedEvent): StampedEvent {
    const { data, before } = event;
    const made = { data: data && this.#reversed(data), before: before && this.#reversed(before) };
    if (made.data === data && made.before === before) return event;
    return { ...event, data: made.data, ...(made.before && { before: made.before }) };
  }

  #reversed(row: Row): Row {
    const value = Object.hasOwn(row, this.#column) ? row[this.#column] : null;
    if (value === null) return row;
    if (typeof value !== 'string' || /\s/.test(value))
      throw new DStreamError(
        'TransformFailed',
        `the column ${this.#column} is not one word; name another one`,
      );
    return { ...row, [this.#column]: Array.from(value).reverse().join('') };
  }
}

const columnName = text({
  what: 'a column name',
  pattern: /^[A-Z]\w*$/,
  right: 'begin it with a capital letter',
});

const reverseType = defineTransform({
  type: 'reverse',
  doc: 'Reverses the word in a column.',
  keys: {
    column: required(columnName, 'Its name.'),
    key: optional(text({ what: 'a key', pattern: /./, right: '' }), 'none', 'Not used.', { secret: true }),
  },
  settings: ({ values }) => conceal({ column: values.column, key: values.key }, 'key'),
  hides: ({ column }) => column === 'Secret',
  check: async ({ column }, reading, findings) => {
    if (column === 'Palindrome')
      findings.add(reading.placeOf('column'), 'nothing would change; name another column');
  },
  open: async ({ column }) => new ReverseTransform(column),
});

const memory = inMemoryTypes();
const types: AdapterTypes = { ...memory.types, transforms: [...memory.types.transforms, reverseType] };

transformContract('reverse', {
  busy: loadedTransform('reverse', 'column = "Amount"', [reverseType]),
  idle: loadedTransform('reverse', 'column = "Empty"', [reverseType]),
});

describe('a kind of transform that was added', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dstream-reverse-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const fileWith = (transform: string) => `ingester {
  source {
    type = "memory"
  }
  locks {
    type = "memory"
  }
  topic {
    type = "memory"
  }
}
processor {
  source {
    type = "memory"
  }
  transform "mirror" {
${transform}
  }
  output {
    type = "memory"
  }
}
`;
  const load = (transform: string, use: Use = ['ingester', 'processor'], env = {}): Promise<Configuration> =>
    loadText(folder, fileWith(transform), { types, use, env });
  const refusal = (transform: string, use?: Use) => refusalOf(folder, load(transform, use));

  test('changes what arrives, and a change on which it fails is dead-lettered', async () => {
    const configuration = await load('    type   = "reverse"\n    column = "Name"');
    memory.source.addTable('Persons');
    await using _processor = running(await composeProcessor(contextOf(configuration)));
    await using _ingester = running(await composeIngester(contextOf(configuration)));
    for (const [Id, Name] of [
      [1, 'Diana'],
      [2, 17],
      [3, 'Otto'],
    ] as const)
      memory.source.commit([{ table: 'Persons', operation: 'insert', data: { Id, Name } }]);
    const arrived = () => memory.destination.events.map(({ event }) => event.data?.['Name']);
    await until(
      () => arrived().length === 2 && memory.topic.deadLetters().length === 1,
      () => `${arrived().length} changes arrived, ${memory.topic.deadLetters().length} were dead-lettered`,
    );
    expect(arrived()).toEqual(['anaiD', 'ottO']);
    expect(memory.topic.deadLetters()).toMatchObject([
      {
        reason: 'TransformFailed',
        description: expect.stringContaining(
          'transform mirror: the column Name is not one word; name another one',
        ),
      },
    ]);
  });

  test('is checked like the others, with the nearest name for what is unknown', async () => {
    expect(await refusal('    type = "revers"')).toBe(
      'dstream.hcl:17: processor.transform.mirror.type: invalid value "revers"; did you mean "reverse"?',
    );
    expect(await refusal('    type  = "reverse"\n    colum = "Name"')).toBe(
      [
        'dstream.hcl:16: processor.transform.mirror.column: missing key column; write column = … (column name)',
        'dstream.hcl:18: processor.transform.mirror: unknown key "colum"; did you mean "column"?',
      ].join('\n'),
    );
  });

  test('reports what only its code knows, also to validate', async () => {
    const said =
      'dstream.hcl:18: processor.transform.mirror.column: nothing would change; name another column';
    expect(await refusal('    type   = "reverse"\n    column = "Palindrome"')).toBe(said);
    expect(await refusal('    type   = "reverse"\n    column = "Palindrome"', 'validate')).toBe(said);
  });

  test('is not passed where it hides something', async () => {
    const hiding = '    type     = "reverse"\n    column   = "Secret"\n    on_error = "pass"';
    expect(await refusal(hiding)).toBe(
      'dstream.hcl:19: processor.transform.mirror.on_error: "pass" would deliver what the transform hides; write "dead_letter" or "drop", or add allow_unmasked = true',
    );
    const { processor } = await load(`${hiding}\n    allow_unmasked = true`);
    expect(processor?.transforms).toMatchObject([{ name: 'mirror', type: 'reverse', onError: 'pass' }]);
  });

  test('shows no secret, and the log replaces it', async () => {
    const withKey = '    type   = "reverse"\n    column = "Name"\n    key    = "{{ env "KEY" }}"';
    const configuration = await load(withKey, ['processor'], { KEY: 'open-sesame' });
    const shown = `${JSON.stringify(configuration)} ${inspect(configuration.processor, { depth: 9 })}`;
    expect(shown).toContain('Name');
    expect(shown).not.toContain('sesame');
    expect(redactor(configuration)('wrong key: open-sesame')).toBe('wrong key: [secret]');
  });

  test('has its part of the reference page', () => {
    expect(sectionsOf(referencePage(types), 'reverse')).toContain(
      '- `column` (column name; required): Its name.\n- `key` (key; if absent: none): Not used. Secret.',
    );
  });
});

/** A kind of queue that somebody adds, as libs/queues/README.md says: carrier pigeons. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { systemClock } from '@dstream/async';
import { redactor, referencePage, type AdapterTypes, type Configuration, type Use } from '@dstream/config';
import {
  conceal,
  defineQueue,
  optional,
  required,
  text,
  wholeNumber,
  withDefault,
} from '@dstream/config/schema';
import type { SubscriptionServices } from '@dstream/core';
import { InMemoryTopic } from '@dstream/memory/topic';
import { composeIngester } from '@dstream/ingester';
import { composeProcessor } from '@dstream/processor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOf, inMemoryTypes, loadText, refusalOf, running } from '../support/in-memory-types.ts';
import { sectionsOf } from '../support/page-sections.ts';
import { until } from '../support/until.ts';

/** Pigeons that know the way, by the place they fly to. */
const places = new Map<string, InMemoryTopic>();
const received: { settings: object; services: SubscriptionServices }[] = [];

function placeNamed(name: string): InMemoryTopic {
  const place = places.get(name) ?? new InMemoryTopic({ clock: systemClock });
  places.set(name, place);
  return place;
}

const placeName = text({ what: 'a place', pattern: /^[A-Z]\w*$/, right: 'begin it with a capital letter' });

const pigeonType = defineQueue({
  type: 'pigeon',
  topic: {
    doc: 'The place that pigeons fly to.',
    keys: {
      place: required(placeName, 'Its name.'),
      ring: optional(text({ what: 'a ring', pattern: /./, right: '' }), 'none', 'Says whose they are.', {
        secret: true,
      }),
    },
    settings: ({ values }) => conceal({ place: values.place, ring: values.ring }, 'ring'),
    name: ({ place }) => place,
    open: async ({ place }) => placeNamed(place),
  },
  subscription: {
    doc: 'Who waits for pigeons.',
    keys: {
      place: optional(placeName, "that of the file's ingester, else Home", 'Where.'),
      window: withDefault(wholeNumber({ min: 1, max: 9 }), 1, 'At which window.'),
    },
    settings: (reading, findings, topicOfFile) => {
      const { place, window } = reading.values;
      if (reading.isSound('place', 'window') && place === 'Cellar' && window > 1)
        findings.add(reading.placeOf('window'), 'a cellar has one window; leave it out');
      const where = reading.isGiven('place') ? place : topicOfFile.nameFor(reading.placeOf('place'), 'Home');
      return { place: where ?? '', window };
    },
    name: ({ place, window }) => ({ topic: place, subscription: `window ${window}` }),
    open: async (settings, services) => {
      received.push({ settings, services });
      const { place, window } = settings;
      return placeNamed(place).subscription({ name: `${window}`, maxSessions: services.maxSessions });
    },
  },
});

const memory = inMemoryTypes();
const types: AdapterTypes = { ...memory.types, queues: [...memory.types.queues, pigeonType] };

describe('a kind of queue that was added', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dstream-pigeon-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const both = (topic: string, source: string) => `ingester {
  source {
    type = "memory"
  }
  locks {
    type = "memory"
  }
  topic {
${topic}
  }
}
processor {
  source {
${source}
  }
  output {
    type = "memory"
  }
}
`;
  const load = (topic: string, source: string, use?: Use, env = {}): Promise<Configuration> => {
    const options = { types, use: use ?? (['ingester', 'processor'] as const), env };
    return loadText(folder, both(topic, source), options);
  };
  const refusal = (topic: string, source: string, use?: Use) => refusalOf(folder, load(topic, source, use));

  const [toParis, atHome] = ['    type  = "pigeon"\n    place = "Paris"', '    type = "pigeon"'];

  test('carries every change from the ingester to the processor of the same file', async () => {
    const configuration = await load(toParis, `${atHome}\n    window = 2\n    max_sessions = 8`);
    expect(configuration.ingester?.topic.name).toBe('Paris');
    expect(configuration.processor?.source.name).toEqual({ topic: 'Paris', subscription: 'window 2' });
    memory.source.addTable('Persons');
    await using _processor = running(await composeProcessor(contextOf(configuration)));
    expect(received).toMatchObject([
      { settings: { place: 'Paris', window: 2 }, services: { maxSessions: 9 } },
    ]);
    await using _ingester = running(await composeIngester(contextOf(configuration)));
    const arrived = () => memory.destination.events.map(({ event }) => event.data?.['Id']);
    for (let id = 1; id <= 30; id += 1)
      memory.source.commit([{ table: 'Persons', operation: 'insert', data: { Id: id } }]);
    await until(
      () => arrived().length === 30,
      () => `${arrived().length} of 30 changes arrived`,
    );
    expect(arrived()).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  });

  test('a subscription has the topic of the ingester only where that is of the same kind', async () => {
    const elsewhere = await load('    type = "memory"', atHome);
    expect(elsewhere.processor?.source.name.topic).toBe('Home');
    const own = await load(toParis, `${atHome}\n    place = "Rome"`);
    expect(own.processor?.source.name.topic).toBe('Rome');
    expect(await refusal(toParis.replace('"Paris"', '"{{ env "NOT_SET" }}"'), atHome, ['processor'])).toBe(
      'dstream.hcl:14: processor.source.place: the topic is taken from ingester.topic, whose variable is not set; set it, or write place = "…" here',
    );
  });

  test('is checked like the others, with the nearest name for what is unknown', async () => {
    expect(await refusal('    type = "pidgeon"', '    type = "bird"')).toBe(
      [
        'dstream.hcl:9: ingester.topic.type: invalid value "pidgeon"; did you mean "pigeon"?',
        'dstream.hcl:14: processor.source.type: invalid value "bird"; write "azure_service_bus", "direct", "memory" or "pigeon"',
      ].join('\n'),
    );
    expect(await refusal(`${toParis}\n    plaice = "x"\n    pack = 2`, `${atHome}\n    window = 0`)).toBe(
      [
        'dstream.hcl:11: ingester.topic: unknown key "plaice"; did you mean "place"?',
        'dstream.hcl:12: ingester.topic.pack: invalid value 2; write "auto", or 1 for one change per message',
        'dstream.hcl:18: processor.source.window: 0 is out of range (1–9)',
      ].join('\n'),
    );
    expect(await refusal(toParis, `${atHome}\n    place = "Cellar"\n    window = 2`)).toBe(
      'dstream.hcl:17: processor.source.window: a cellar has one window; leave it out',
    );
  });

  test('is where a key of its own belongs that stands elsewhere, and has no key of another type', async () => {
    expect(await refusal(`${toParis}\n    window = 2`, atHome)).toContain(
      'ingester.topic: unknown key "window"; it belongs in processor.source of type "pigeon"',
    );
    expect(await refusal(`${toParis}\n    namespace = "x"`, atHome)).toMatch(
      /ingester\.topic: unknown key "namespace"; it belongs in ingester\.topic of type "azure_service_bus"$/,
    );
  });

  test('shows no secret, and the log replaces it', async () => {
    const ring = `${toParis}\n    ring = "{{ env "RING" }}"`;
    const configuration = await load(ring, atHome, undefined, { RING: 'open-sesame' });
    const shown = `${JSON.stringify(configuration)} ${inspect(configuration, { depth: 9 })}`;
    expect(shown).toContain('Paris');
    expect(shown).not.toContain('sesame');
    expect(redactor(configuration)('wrong ring: open-sesame')).toBe('wrong ring: [secret]');
  });

  test('without a class for one side that side is not built', async () => {
    const { topic, subscription } = {
      topic: {
        doc: 'One way.',
        keys: {},
        settings: () => ({}),
        name: () => 'x',
        open: async () => placeNamed('x'),
      },
      subscription: {
        doc: 'No way back.',
        keys: {},
        settings: () => ({}),
        name: () => ({ topic: 'x', subscription: 'x' }),
      },
    };
    const oneWay = defineQueue({ type: 'one_way', topic, subscription });
    const withOneWay = { ...types, queues: [...types.queues, oneWay] } as const;
    const file = both('    type = "one_way"', '    type = "one_way"');
    const options = { types: withOneWay, use: ['ingester', 'processor'] as const };
    expect(await refusalOf(folder, loadText(folder, file, options))).toBe(
      'dstream.hcl:14: processor.source.type: the source type "one_way" is not built yet; use "azure_service_bus"',
    );
    const page = sectionsOf(referencePage(withOneWay), 'one_way');
    expect(page).toContain('One way. Required.\n');
    expect(page).toContain('No way back. Required. _Not built yet._');
  });

  test('stands in the reference page with both its sides', () => {
    const page = sectionsOf(referencePage(types), 'pigeon');
    expect(page).toContain(`## \`ingester.topic\` of type \`pigeon\`

The place that pigeons fly to. Required.

- \`type\` ("azure_service_bus", "direct", "memory" or "pigeon"; default \`"azure_service_bus"\`): Type of queue.
- \`place\` (place; required): Its name.
- \`ring\` (ring; if absent: none): Says whose they are. Secret.
- \`pack\` ("auto" or 1; default \`"auto"\`)`);
    expect(page).toContain(`## \`processor.source\` of type \`pigeon\`

Who waits for pigeons. Required.

- \`type\` ("azure_service_bus", "direct", "memory" or "pigeon"; default \`"azure_service_bus"\`): Type of queue.
- \`place\` (place; if absent: that of the file's ingester, else Home): Where.
- \`window\` (whole number, 1 to 9; default \`1\`): At which window.
- \`max_sessions\``);
  });

  test('cannot have a key that every topic or every subscription has', () => {
    const taken = withDefault(wholeNumber({ min: 1, max: 2 }), 1, 'Not what it is elsewhere.');
    const { topic, subscription } = {
      topic: { doc: '', keys: { pack: taken }, settings: () => ({}), name: () => '' },
      subscription: {
        doc: '',
        keys: { max_bytes: taken },
        settings: () => ({}),
        name: () => ({ topic: '', subscription: '' }),
      },
    };
    // @ts-expect-error the configuration adds these keys
    expect(defineQueue({ type: 'x', topic, subscription }).topic.built).toBe(false);
  });
});

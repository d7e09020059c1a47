/** `dstream dead-letters` between real processes: what an output refused is listed, replayed to that output, and nothing else moves. */
import { ServiceBusClient } from '@azure/service-bus';
import { decodeEnvelope, encodeEnvelope } from '@dstream/core';
import { expect, test } from 'vitest';
import type { DeadLetterSummary } from '../../apps/dstream/src/dead-letters/dead-letter-document.ts';
import type { DeadLetterOutcome } from '../../apps/dstream/src/dead-letters/settle-dead-letters.ts';
import { aChange } from '../support/a-change.ts';
import { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { dstream, runDstream } from '../support/status-command.ts';
import { hasTerminal, Terminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';

const session = 's/d/dbo.T';
const deadLetterQueue = 'ingest-topic/Subscriptions/dstream/$DeadLetterQueue';

const entities = {
  UserConfig: {
    Namespaces: [
      {
        Name: 'sbemulatorns',
        Queues: [{ Name: 'small', Properties: { MaxMessageSize: 4_096 } }, { Name: 'large' }],
        Topics: [
          {
            Name: 'ingest-topic',
            Subscriptions: [
              { Name: 'dstream', Properties: { RequiresSession: true } },
              { Name: 'audit', Properties: { RequiresSession: true } },
            ],
          },
        ],
      },
    ],
  },
};

/** A processor with two outputs: the console, and a queue of that name. */
function configText(queue: string, output = 'bus'): string {
  return `processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env \\"DSTREAM_PUBLISHER_CONNECTION_STRING\\" }}"
  }
  output "screen" {
    type   = "console"
    format = "json"
  }
  output "${output}" {
    type              = "azure_service_bus"
    connection_string = "{{ env \\"DSTREAM_PUBLISHER_CONNECTION_STRING\\" }}"
    name              = "${queue}"
  }
}
service {
  http = ""
}
`;
}

interface Ran {
  readonly code: number | null;
  readonly err: string;
  /** The lines that it printed. */
  readonly documents: readonly object[];
}

class World implements AsyncDisposable {
  readonly pipeline: Pipeline;
  readonly client: ServiceBusClient;

  private constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
    this.client = new ServiceBusClient(pipeline.env.DSTREAM_INGEST_CONNECTION_STRING);
  }

  static async open(): Promise<World> {
    return new World(await Pipeline.onStandIns({ entities }));
  }

  async processor(config: string): Promise<DStreamProcess> {
    const args = ['processor', '--config', config, '--log-format', 'json'];
    const started = new DStreamProcess(args, this.pipeline.env);
    await started.logged('processor ready');
    return started;
  }

  /** One message with these changes; one that is negative is larger than the small queue takes. */
  async send(...numbers: readonly number[]): Promise<void> {
    const sender = this.client.createSender('ingest-topic');
    const body = numbers.map((n) => encodeEnvelope(changeOf(n), { generation: 1, epoch: 1 })).join('\n');
    const properties = { schema: 'dbo', table: 'T', database: 'd', server: 's', changes: numbers.length };
    await sender.sendMessages({
      messageId: `m${numbers.join('')}`,
      sessionId: session,
      subject: 'dbo.T',
      body: Buffer.from(body),
      applicationProperties: properties,
    });
    await sender.close();
  }

  async run(...args: readonly string[]): Promise<Ran> {
    const { code, out, err } = await runDstream(['dead-letters', ...args], { env: this.pipeline.env });
    const lines = out.split('\n').filter((line) => line !== '');
    return { code, err, documents: lines.map((line) => JSON.parse(line) as object) };
  }

  async list(config: string): Promise<Ran & { readonly documents: readonly DeadLetterSummary[] }> {
    const ran = await this.run('list', '--config', config);
    return { ...ran, documents: ran.documents as readonly DeadLetterSummary[] };
  }

  /** `replay` or `discard`. */
  async settle(
    ...args: readonly string[]
  ): Promise<Ran & { readonly documents: readonly DeadLetterOutcome[] }> {
    const ran = await this.run(...args);
    return { ...ran, documents: ran.documents as readonly DeadLetterOutcome[] };
  }

  /** What lies in a queue or subscription, oldest first. */
  messages(address: string) {
    return this.pipeline.standIns.serviceBus.messages(address);
  }

  async state(): Promise<string> {
    const receiver = await this.client.acceptSession('ingest-topic', 'dstream', session);
    const state: unknown = await receiver.getSessionState();
    await receiver.close();
    return Buffer.isBuffer(state) ? state.toString() : JSON.stringify(state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.pipeline[Symbol.asyncDispose]();
  }
}

function changeOf(n: number) {
  const { metadata } = aChange(Math.abs(n));
  return { data: { N: Math.abs(n), Text: n < 0 ? 'x'.repeat(6_000) : '' }, metadata };
}

test(
  'a change that an output refused is listed, shown, and replayed to that output alone; the session does not notice',
  { timeout: 120_000 },
  async () => {
    await using world = await World.open();
    const small = await world.pipeline.file('small.hcl', configText('small'));
    const first = await world.processor(small);
    await world.send(1, -2, 3);
    await until(
      () => world.messages(deadLetterQueue).length === 1 && first.seen === 3,
      () => `the message is in the dead-letter queue; the log says\n${first.logs.join('\n')}`,
    );
    expect(await first.stop()).toBe(0);
    const before = await world.state();

    const listed = await world.list(small);
    expect(listed).toMatchObject({
      code: 0,
      err: '',
      documents: [
        {
          messageId: 'm1-23',
          table: 'dbo.T',
          reason: 'NotDelivered',
          outputs: ['bus'],
          changes: 1,
          replays: 0,
        },
      ],
    });
    const number = listed.documents[0]?.sequenceNumber ?? '';
    const shown = await world.run('show', number, '--config', small);
    expect(shown.documents).toMatchObject([
      { failed: [{ index: 1, outputs: ['bus'], change: { data: { N: 2 } } }] },
    ]);

    const asked = await world.run('replay', '--config', small);
    expect([asked.code, asked.err]).toEqual([
      2,
      'replay asks before it acts, and there is no terminal; add --yes\n',
    ]);
    const renamed = await world.pipeline.file('renamed.hcl', configText('large', 'other'));
    const refused = await world.run('replay', '--config', renamed, '--yes');
    expect([refused.code, refused.documents]).toEqual([2, []]);
    expect(refused.err).toContain('failed at output "bus", which');
    expect(refused.err).toContain('--reroute');
    expect(world.messages('ingest-topic/Subscriptions/dstream')).toEqual([]);

    const large = await world.pipeline.file('large.hcl', configText('large'));
    const replayed = await world.settle('replay', '--config', large, '--output', 'bus', '--yes');
    expect(replayed).toMatchObject({
      code: 0,
      err: '',
      documents: [{ sequenceNumber: number, outcome: 'replayed', replayedAs: 'm1-23:r1' }],
    });
    expect((await world.list(large)).documents).toEqual([]);
    expect(world.messages('ingest-topic/Subscriptions/audit')).toMatchObject([
      { messageId: 'm1-23' },
      { messageId: 'm1-23:r1', properties: { 'replay-for': 'dstream', 'replay-outputs': '{"bus":"0"}' } },
    ]);

    const second = await world.processor(large);
    await until(
      () => world.messages('large').length === 1,
      () => `the change is in the queue; the log says\n${second.logs.join('\n')}`,
    );
    const [delivered] = world.messages('large');
    const event = decodeEnvelope(String(delivered?.body));
    expect([event.data?.['N'], event.metadata.replay, event.metadata.id]).toEqual([2, 1, 'c2']);
    await second.logged('delivered replayed message');
    expect([await second.stop(), second.lines]).toEqual([0, []]);
    expect(await world.state()).toBe(before);

    const third = await world.processor(large);
    await world.send(4);
    await until(
      () => third.seen === 1,
      () => `what comes after is delivered; the log says\n${third.logs.join('\n')}`,
    );
    expect(await third.stop()).toBe(0);
  },
);

test(
  'killed between the replay and the completion, it is replayed again under the same message id: nothing is lost',
  { timeout: 120_000 },
  async () => {
    await using world = await World.open();
    const { serviceBus } = world.pipeline.standIns;
    const config = await world.pipeline.file('small.hcl', configText('small'));
    const processor = await world.processor(config);
    await world.send(-1);
    await until(
      () => world.messages(deadLetterQueue).length === 1,
      () => 'the message is in the dead-letter queue',
    );
    expect(await processor.stop()).toBe(0);

    serviceBus.delaySettlements(60_000);
    const killed = new DStreamProcess(
      ['dead-letters', 'replay', '--config', config, '--yes'],
      world.pipeline.env,
    );
    const waiting = () =>
      world.messages('ingest-topic/Subscriptions/dstream').map(({ messageId }) => messageId);
    await until(
      () => waiting().length === 1,
      () => 'the replay was sent',
    );
    killed.signal('SIGKILL');
    await killed.ended;
    serviceBus.delaySettlements(0);
    expect((await world.list(config)).documents).toMatchObject([{ messageId: 'm-1' }]);

    const skipped = await world.settle('replay', '--config', config, '--yes');
    expect([skipped.code, skipped.documents[0]?.outcome]).toEqual([1, 'skipped']);
    serviceBus.expireMessageLocks(deadLetterQueue);
    const again = await world.settle('replay', '--config', config, '--yes');
    expect([again.code, again.documents[0]?.replayedAs]).toEqual([0, 'm-1:r1']);
    expect([waiting(), (await world.list(config)).documents]).toEqual([['m-1:r1', 'm-1:r1'], []]);
  },
);

test('what is discarded is gone, and a direct queue has nothing to list', { timeout: 120_000 }, async () => {
  await using world = await World.open();
  const config = await world.pipeline.file('small.hcl', configText('small'));
  const processor = await world.processor(config);
  await world.send(-1);
  await world.send(-2);
  await until(
    () => world.messages(deadLetterQueue).length === 2,
    () => 'the messages are in the dead-letter queue',
  );
  expect(await processor.stop()).toBe(0);
  expect((await world.run('discard', '--config', config, '--yes')).code).toBe(2);
  const [first, second] = (await world.list(config)).documents;
  const number = first?.sequenceNumber ?? '';
  const discarded = await world.settle('discard', number, '--config', config, '--yes');
  expect(discarded).toMatchObject({ code: 0, documents: [{ messageId: 'm-1', outcome: 'discarded' }] });
  expect((await world.list(config)).documents).toEqual([second]);

  const direct = configText('small').replace(
    /source \{[^}]*\}\}[^}]*\}/,
    'source {\n    type = "direct"\n  }',
  );
  const none = await world.run('list', '--config', await world.pipeline.file('direct.hcl', direct));
  expect([none.code, none.documents]).toEqual([2, []]);
  expect(none.err).toContain('has no dead-letter queue');
});

test(
  'in a terminal there is a table, and a question before anything happens',
  { timeout: 120_000 },
  async (context) => {
    context.skip(!hasTerminal(), 'it needs the command script of util-linux');
    await using world = await World.open();
    const config = await world.pipeline.file('small.hcl', configText('small'));
    const processor = await world.processor(config);
    await world.send(-1);
    await until(
      () => world.messages(deadLetterQueue).length === 1,
      () => 'the message is in the dead-letter queue',
    );
    expect(await processor.stop()).toBe(0);
    const inTerminal = (...args: readonly string[]) =>
      new Terminal([process.execPath, dstream, 'dead-letters', ...args, '--config', config], {
        columns: 100,
        rows: 24,
        env: { ...world.pipeline.env, NO_COLOR: '1' },
      });

    await using list = inTerminal('list');
    expect(await list.ended, list.text).toBe(0);
    expect(list.lines[0]?.trim()).toMatch(/^NUMBER +ENQUEUED +TABLE +REASON +OUTPUTS +CHANGES +DESCRIPTION$/);
    expect(list.lines[1]).toMatch(/ dbo\.T +NotDelivered +bus +1 +change 0: /);

    await using declined = inTerminal('replay');
    await declined.shows((lines) => lines.join('').includes('[y/N]'), 'the question');
    expect(declined.text).toContain('Replay 1 dead letter (1 change) to subscription dstream?');
    declined.press('\r');
    expect([await declined.ended, declined.text.includes('nothing was done')]).toEqual([1, true]);

    await using interrupted = inTerminal('discard');
    await interrupted.shows((lines) => lines.join('').includes('Type "discard" to continue'), 'the question');
    interrupted.press('\u0003');
    expect(await interrupted.ended).toBe(1);
    expect(world.messages(deadLetterQueue)).toHaveLength(1);

    await using accepted = inTerminal('discard');
    await accepted.shows((lines) => lines.join('').includes('Type "discard" to continue'), 'the question');
    accepted.press('discard\r');
    expect(await accepted.ended, accepted.text).toBe(0);
    expect(accepted.text).toContain('discarded 1 dead letter');
    expect(world.messages(deadLetterQueue)).toEqual([]);
  },
);

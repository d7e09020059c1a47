/** The Event Hubs output on the stand-in while it misbehaves: what arrives, and in which order. */
import { asDStreamError, notAccepted, type Publisher, type RoutedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import type { EventHubsStandIn } from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import { publisherTo, type HubWish } from '../support/event-hubs-destination.ts';
import { eventHubsRig } from '../support/event-hubs-rig.ts';
import { Changes, inOrder, textOf, withoutRepeats } from '../support/publisher-rig.ts';
import { until } from '../support/until.ts';

const rig = eventHubsRig();
const never = { signal: new AbortController().signal };
const keyOf = (event: RoutedEvent) => event.orderingKey;
const lines = () => rig.hubs.events('changes').map(({ body }) => String(body));
const linesOf = (events: readonly RoutedEvent[]) => events.map(textOf);

const publisher = (wish: HubWish = {}): Publisher =>
  publisherTo(rig.hubs.connectionString, 'changes', { sendTimeoutMs: 2_000, ...wish });

/** Publishes what was not accepted, as the processor does, until it is. Answers the codes of the failures. */
async function persist(to: Publisher, events: readonly RoutedEvent[]): Promise<readonly string[]> {
  const codes: string[] = [];
  let rest = events;
  await until(
    async () => {
      const error = await to.publish(rest, never).then(() => undefined, asDStreamError);
      if (error === undefined) return true;
      expect(error.disposition).toBe('retry');
      codes.push(error.code);
      rest = notAccepted(rest, keyOf, error);
      return false;
    },
    () => `all was accepted; failures: ${codes.join(', ')}`,
  );
  return codes;
}

test.each<[string, (hubs: EventHubsStandIn) => unknown, readonly string[]]>([
  ['throttles', (hubs) => hubs.serverBusy(2), ['Throttled']],
  ['refuses', (hubs) => hubs.refuseSends(1), ['Transient']],
  ['is at its quota', (hubs) => hubs.refuseSends(1, 'amqp:resource-limit-exceeded'), ['Throttled']],
  ['stores and drops the connection', (hubs) => hubs.loseReplies(1), ['Unreachable']],
  ['drops connections', (hubs) => hubs.dropConnections(), []],
  ['detaches links', (hubs) => hubs.detachLinks(), []],
])('every row keeps its order when the service %s', async (_, fault, failures) => {
  const changes = new Changes();
  const events = changes.events('A', 1, 120);
  await using to = publisher();
  await to.publish(events.slice(0, 30), never);
  fault(rig.hubs);
  const codes = await persist(to, events.slice(30));
  expect(codes).toEqual(expect.arrayContaining([...failures]));
  expect(inOrder(withoutRepeats(lines()), 'row')).toEqual(inOrder(linesOf(events), 'row'));
});

test('a wrong key is said to be one, and is for a person', async () => {
  const connectionString = rig.hubs.connectionString.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=bm8=');
  await using to = publisherTo(connectionString, 'changes');
  const error = await to.connect(never).catch(asDStreamError);
  expect(error).toMatchObject({ code: 'Unauthorized', disposition: 'fatal' });
  expect(String(error)).not.toContain('bm8=');
});

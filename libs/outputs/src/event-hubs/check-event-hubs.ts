/** The checks of an output of type `azure_event_hubs`. */
import { close, withTimeout } from '@dstream/async';
import {
  asDStreamError,
  DStreamError,
  shellWord,
  type CallOptions,
  type CheckResult,
  type Checks,
  type Clock,
} from '@dstream/core';
import { ConnectionWatch } from '@dstream/service-bus/amqp';
import {
  azCommands,
  checkBroker,
  grantRemedy,
  refused,
  type CheckedBroker,
} from '@dstream/service-bus/check';
import type { BrokerAddress } from '../destinations/broker-settings.ts';
import { judgeProbe, probeName } from '../destinations/judge-probe.ts';
import { isFixedName } from '../destinations/name-parts.ts';
import { openProducer, translateEventHubsError, type Producer } from './producer.ts';

/** What is checked. */
export interface EventHubsCheckOptions {
  readonly address: BrokerAddress;
  /** A template, or a plain name. */
  readonly name: string;
  readonly clock: Clock;
}

/** Address, sign-in, and the hub if there is only one, else whether the namespace accepts the login. Sends nothing. */
export async function* checkEventHubs(options: EventHubsCheckOptions, o: CallOptions): Checks {
  const { address, name } = options;
  const broker = yield* checkBroker(address, o);
  if (broker === undefined) return;
  const hub = isFixedName(name) ? name : probeName;
  const found = await lookAt(hub, options, o);
  const failed = found instanceof DStreamError ? found : undefined;
  const judge = (error: DStreamError) => judgeHub(hub, broker, error);
  if (hub !== name) yield judgeProbe({ check: 'eventhubs.send', template: name, broker }, failed, judge);
  else if (found instanceof DStreamError) yield judge(found);
  else yield* facts(hub, found);
}

interface SeenHub {
  readonly partitions: number;
  readonly maxBytes: number;
}

const limitMs = 15_000;

/** Opens a link to the first partition. An error instead of throwing it; rejects with `signal.reason` on abort. */
async function lookAt(
  hub: string,
  { address, clock }: EventHubsCheckOptions,
  { signal }: CallOptions,
): Promise<SeenHub | DStreamError> {
  const late = () => new DStreamError('TimedOut', `event hub ${hub} gave no answer in time`);
  const cut = () => new DStreamError('Unreachable', `the connection to event hub ${hub} was cut`);
  const limit = { clock, atMs: clock.monotonicMs() + limitMs, late, signal };
  try {
    const producer = openProducer(address, hub, limitMs);
    try {
      return await withTimeout(limit, (abortSignal) =>
        new ConnectionWatch().run(cut, () => seen(producer, abortSignal)),
      );
    } finally {
      await close(`event hub ${hub}`, producer, clock);
    }
  } catch (caught) {
    signal.throwIfAborted();
    return translateEventHubsError(asFirst(caught), { tried: 'connect to', hub });
  }
}

/** Of an error and what failed while the connection was closed after it, the first one counts. */
function asFirst(error: unknown): unknown {
  return error instanceof SuppressedError ? asDStreamError(error) : error;
}

async function seen(producer: Producer, abortSignal: AbortSignal): Promise<SeenHub> {
  const ids = await producer.getPartitionIds({ abortSignal });
  const batch = await producer.createBatch({ abortSignal, partitionId: ids[0] ?? '0' });
  return { partitions: ids.length, maxBytes: batch.maxSizeInBytes };
}

function* facts(hub: string, { partitions, maxBytes }: SeenHub): Iterable<CheckResult> {
  const counted = partitions === 1 ? '1 partition' : `${partitions} partitions`;
  yield {
    outcome: 'passed',
    check: 'eventhubs.exists',
    subject: hub,
    message: `event hub ${hub} has ${counted}`,
  };
  const message = `this login may send to event hub ${hub}, events of up to ${maxBytes / 1_024} KB`;
  yield { outcome: 'passed', check: 'eventhubs.send', subject: hub, message };
}

/** Pure. */
export function judgeHub(hub: string, broker: CheckedBroker, { code, message }: DStreamError): CheckResult {
  const { namespace, login } = broker;
  const common = { outcome: 'failed', subject: hub } as const;
  if (code === 'EntityNotFound') {
    const missing = `event hub ${hub} does not exist in namespace ${namespace}, or is disabled`;
    const create = `eventhub create -n ${shellWord(hub)} --partition-count 4`;
    const remedy = azCommands('eventhubs', namespace, create);
    return { ...common, check: 'eventhubs.exists', message: missing, remedy };
  }
  if (code !== 'Unauthorized') {
    const text =
      'check again; if it persists, look at the namespace in the portal: Metrics, Throttled Requests';
    return { ...common, check: 'eventhubs.answer', message, remedy: { kind: 'advice', text } };
  }
  const role = 'Azure Event Hubs Data Sender';
  const remedy = grantRemedy({ service: 'eventhubs', namespace, login, claim: 'Send', role });
  return { ...common, check: 'eventhubs.send', message: refused(broker, 'Send', `event hub ${hub}`), remedy };
}

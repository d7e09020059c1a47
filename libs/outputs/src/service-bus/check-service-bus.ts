/** The checks of an output of type `azure_service_bus`. */
import type { CallOptions, Checks, Clock } from '@dstream/core';
import { checkSending, judgeSending, tryLink, type ServiceBusAddress } from '@dstream/service-bus';
import { checkBroker } from '@dstream/service-bus/check';
import { judgeProbe, probeName } from '../destinations/judge-probe.ts';
import { isFixedName } from '../destinations/name-parts.ts';

/** What is checked. */
export interface ServiceBusCheckOptions {
  readonly address: ServiceBusAddress;
  /** A template, or a plain name. */
  readonly name: string;
  readonly clock: Clock;
}

/** Address, sign-in, and the destination if there is only one, else whether the namespace accepts the login. Sends nothing. */
export async function* checkServiceBusOutput(options: ServiceBusCheckOptions, o: CallOptions): Checks {
  const { address, name, clock } = options;
  const broker = yield* checkBroker(address, o);
  if (broker === undefined) return;
  const common = { address, broker, kind: 'queue or topic', clock } as const;
  if (isFixedName(name)) {
    yield* checkSending({ ...common, entity: name }, o);
    return;
  }
  const probe = { ...common, entity: probeName };
  const outcome = await tryLink(probe, o);
  const failed = typeof outcome === 'number' ? undefined : outcome;
  yield judgeProbe({ check: 'servicebus.send', template: name, broker }, failed, (error) =>
    judgeSending(probe, error),
  );
}

/** What `dstream check` looks at for a processor. */
import type { ProcessorConfig } from '@dstream/config';
import {
  adapterServices,
  checkedPart,
  type CheckedPart,
  type ServiceContext,
} from '@dstream/runtime/service-context';

/** Subscription, transforms and outputs, in this order. Connects nothing. */
export function processorChecks(
  { source, transforms, outputs }: ProcessorConfig,
  context: Pick<ServiceContext<unknown>, 'clock' | 'log' | 'credential'>,
): readonly CheckedPart[] {
  const services = adapterServices(context);
  return [
    checkedPart(source, { ...services, maxSessions: source.maxSessions }),
    ...transforms.map((one) =>
      checkedPart({ ...one, path: `processor.transform.${one.name}` }, { ...services, name: one.name }),
    ),
    ...outputs.map((one) =>
      checkedPart(
        { ...one, path: `processor.output.${one.name}` },
        { ...services, name: one.name, timeoutMs: one.timeoutMs },
      ),
    ),
  ];
}

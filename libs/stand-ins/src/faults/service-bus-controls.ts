/** The faults that the broker offers, as the faults address and tests use them. */
export type { Faults as ServiceBusControls } from '../service-bus/faults.ts';

/** The faults that the hubs offer, as the faults address and tests use them. */
export type { HubFaults as EventHubsControls } from '../event-hubs/faults.ts';

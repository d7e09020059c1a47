/** What has happened since the start. */
export interface HubCounters {
  connections: number;
  /** Transfers of producers: a batch is one, and so is a single event. */
  sends: number;
  sendsRefused: number;
  /** Batches that were accepted. */
  batches: number;
  eventsIn: number;
  eventsOut: number;
  /** Attached since the start. */
  producers: number;
  consumers: number;
}

export const newHubCounters = (): HubCounters => ({
  connections: 0,
  sends: 0,
  sendsRefused: 0,
  batches: 0,
  eventsIn: 0,
  eventsOut: 0,
  producers: 0,
  consumers: 0,
});

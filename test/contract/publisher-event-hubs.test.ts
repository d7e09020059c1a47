import { realEventHubs } from '../support/endpoints.ts';
import { enveloped, envelopes } from '../support/enveloped-rig.ts';
import {
  openEventHubsDestination,
  openEventHubsStandIn,
  openScriptedEventHubs,
} from '../support/event-hubs-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('Event Hubs as scripted', () => openScriptedEventHubs());

publisherContract('Event Hubs stand-in', openEventHubsStandIn);

publisherContract('Event Hubs as scripted, in the envelope of Debezium', async () =>
  enveloped(await openScriptedEventHubs(), envelopes.debezium()),
);

const real = realEventHubs();
if (real !== undefined) {
  publisherContract('Event Hubs', async (changes) => openEventHubsDestination(real, changes));
}

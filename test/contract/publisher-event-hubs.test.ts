import { realEventHubs } from '../support/endpoints.ts';
import {
  openEventHubsDestination,
  openEventHubsStandIn,
  openScriptedEventHubs,
} from '../support/event-hubs-destination.ts';
import { publisherContract } from './publisher.ts';

publisherContract('Event Hubs as scripted', () => openScriptedEventHubs());

publisherContract('Event Hubs stand-in', openEventHubsStandIn);

const real = realEventHubs();
if (real !== undefined) {
  publisherContract('Event Hubs', async (changes) => openEventHubsDestination(real, changes));
}

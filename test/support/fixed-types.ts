/** Types for tests that hold texts with all their names and keys: another type in a registry changes nothing there. */
import { azureBlobType } from '@dstream/azure-blob/type';
import type { AdapterTypes } from '@dstream/config';
import { directType } from '@dstream/direct/type';
import { serviceBusQueueType } from '@dstream/service-bus-queue/type';
import { sqlServerType } from '@dstream/sqlserver/type';
import { celPredicates } from '@dstream/transforms';
import { consoleType } from '../../libs/outputs/src/console/console-type.ts';
import { envelopeTypes } from '../../libs/outputs/src/envelopes/envelope-types.ts';
import { eventHubsType } from '../../libs/outputs/src/event-hubs/event-hubs-type.ts';
import { fileType } from '../../libs/outputs/src/file/file-type.ts';
import { serviceBusType } from '../../libs/outputs/src/service-bus/service-bus-type.ts';
import { columnsType } from '../../libs/transforms/src/columns/columns-type.ts';

export const fixedTypes: AdapterTypes = {
  sources: [sqlServerType],
  queues: [serviceBusQueueType, directType],
  leases: [azureBlobType],
  outputs: [consoleType, serviceBusType, eventHubsType, fileType],
  envelopes: envelopeTypes,
  transforms: [columnsType],
  predicates: celPredicates,
};

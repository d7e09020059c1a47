export { EntitiesInvalid, readEntities, type Entities } from '@dstream/stand-in-amqp';
export {
  BlobControls,
  FaultsClient,
  type FaultAnswerOf,
  type FaultBodyOf,
  type FaultPath,
  type StandInCounters,
} from '@dstream/stand-in-faults';
export { PortInUse } from './port-in-use.ts';
export type { StandInsEnv } from './stand-ins-env.ts';
export { startStandIns, type StandIns, type StandInsOptions } from './start-stand-ins.ts';

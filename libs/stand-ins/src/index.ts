export type { Entities } from './entities.ts';
export { BlobControls } from './faults/blob-controls.ts';
export type { StandInCounters } from './faults/counters.ts';
export { FaultsClient } from './faults/faults-client.ts';
export type { FaultAnswerOf, FaultBodyOf, FaultPath } from './faults/fault-routes.ts';
export { PortInUse } from './port-in-use.ts';
export { EntitiesInvalid, readEntities } from './read-entities.ts';
export type { StandInsEnv } from './stand-ins-env.ts';
export { startStandIns, type StandIns, type StandInsOptions } from './start-stand-ins.ts';

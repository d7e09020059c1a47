export { BlobControls } from './blob-controls.ts';
export { CounterBoard, type StandInCounters } from './counters.ts';
export { BadRequest } from './fault-body.ts';
export type { FaultAnswerOf, FaultBodyOf, FaultPath, FaultTargets } from './fault-routes.ts';
export { FaultsClient } from './faults-client.ts';
export { startFaultsServer } from './faults-server.ts';
export { RestartableServer } from './restartable-server.ts';
export type { CaptureControls, SqlControls } from './sql-controls.ts';
export { SqlFaults } from './sql-faults.ts';

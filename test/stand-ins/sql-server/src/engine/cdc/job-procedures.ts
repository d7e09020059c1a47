/** The capture and the cleanup job: their settings, starting and stopping. */
import type { Procedure, ProcedureCall } from '../query/procedure.ts';
import { textOf } from '../query/text-of.ts';
import { enabledCdc } from './enabled-database.ts';
import { BIGINT, NAME } from './procedure-types.ts';

export function jobParameters(...more: readonly string[]): Procedure['parameters'] {
  const names = [
    '@maxtrans',
    '@maxscans',
    '@continuous',
    '@pollinginterval',
    '@retention',
    '@threshold',
    ...more,
  ];
  return [{ name: '@job_type', type: NAME }, ...names.map((name) => ({ name, type: BIGINT }))];
}

/** The capture job is one for the whole server: stopping it anywhere stops it everywhere. */
export function setCapture({ database, state, values }: ProcedureCall, runs: boolean): void {
  enabledCdc(database);
  if (textOf(values['@job_type']).toLowerCase() === 'cleanup') return;
  state.captureRuns = runs;
  state.captureAll();
}

export function changeJob({ database, values }: ProcedureCall): void {
  const cdc = enabledCdc(database);
  if (typeof values['@retention'] === 'bigint') cdc.retentionMinutes = Number(values['@retention']);
  if (typeof values['@pollinginterval'] === 'bigint') cdc.pollingSeconds = Number(values['@pollinginterval']);
}

import { hostname } from 'node:os';
import type { InstanceId } from '@dstream/core';

/** The name of this replica: the flag, else DSTREAM_INSTANCE, else host name and process id. */
export function instanceName(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): InstanceId {
  const given = [flag, env['DSTREAM_INSTANCE']].find((name) => name !== undefined && name.trim() !== '');
  return (given?.trim() ?? `${hostname()}-${process.pid}`) as InstanceId;
}

import { randomUUID } from 'node:crypto';
import { AzureBlobLeases } from '@dstream/azure-blob';
import { silentLog, type Clock, type InstanceId } from '@dstream/core';

type Options = ConstructorParameters<typeof AzureBlobLeases>[0];

/** Leases of source `db1` and database `shop` in container `locks`, 15 s long. */
export function azureBlobLeases(
  instance: string,
  connectionString: string,
  clock: Clock,
  change: Partial<Options> = {},
): AzureBlobLeases {
  return new AzureBlobLeases({
    connectionString,
    containerName: 'locks',
    source: { scope: 'db1/shop' },
    instance: instance as InstanceId,
    leaseDurationMs: 15_000,
    clock,
    log: silentLog,
    newId: randomUUID,
    ...change,
  });
}

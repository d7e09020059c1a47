/** How the blob adapter begins: the container, and what a person has to mend. */
import { inspect } from 'node:util';
import { BlobServiceClient } from '@azure/storage-blob';
import type { AzureBlobLeases } from '@dstream/azure-blob';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBlobs, type Blobs } from '../stand-ins/blobs/src/index.ts';
import { azureBlobLeases } from '../support/azure-blob-leases.ts';

const o = { signal: new AbortController().signal };
const clock = new ManualClock();

describe('connecting to blob storage', () => {
  let blobs: Blobs;

  beforeAll(async () => {
    blobs = await startBlobs();
  });
  afterAll(() => blobs.close());

  const open = (change?: Partial<ConstructorParameters<typeof AzureBlobLeases>[0]>) =>
    azureBlobLeases('a', blobs.connectionString, clock, change);

  async function containers(): Promise<readonly string[]> {
    const names = [];
    for await (const { name } of BlobServiceClient.fromConnectionString(
      blobs.connectionString,
    ).listContainers())
      names.push(name);
    return names;
  }

  test('makes the container, for many at once, and again does no harm', async () => {
    const leases = open();
    await Promise.all([leases.connect(o), open().connect(o)]);
    expect(await containers()).toEqual(['locks']);
    await expect(leases.connect(o)).resolves.toBeUndefined();
  });

  test('a wrong key is fatal, and named without it', async () => {
    const connectionString = blobs.connectionString.replace('Eby8', 'Eby9');
    const error: unknown = await azureBlobLeases('a', connectionString, clock)
      .connect(o)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'Unauthorized', disposition: 'fatal' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/Eby9|SharedKey/);
  });

  test('an account that cannot be reached is waited for', async () => {
    const connectionString = blobs.connectionString.replaceAll(`:${blobs.port}`, ':1');
    await expect(azureBlobLeases('a', connectionString, clock).connect(o)).rejects.toMatchObject({
      code: 'Unreachable',
      disposition: 'retry',
    });
  });

  test.each(['nonsense', 'AccountName=a;AccountKey=TOPSECRET', ''])(
    'a connection string that cannot be read (%j) is refused without being shown',
    (connectionString) => {
      const error = thrown(() => azureBlobLeases('a', connectionString, clock));
      expect(error).toMatchObject({ code: 'ConfigInvalid' });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('TOPSECRET');
    },
  );

  test.each([14_000, 61_000, 15_500])(
    'a lease of %d ms is refused before the service does',
    (leaseDurationMs) => {
      expect(thrown(() => open({ leaseDurationMs }))).toMatchObject({ code: 'ConfigInvalid' });
    },
  );

  test('a container name that cannot be is fatal', async () => {
    await expect(open({ containerName: 'Locks!' }).connect(o)).rejects.toMatchObject({
      code: 'ConfigInvalid',
    });
  });
});

function thrown(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

/** Whom `dstream status` asks beside the ingesters that are announced. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@dstream/async';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StatusSource } from '../../apps/dstream/src/status/status-source.ts';

const never = new AbortController().signal;
const table = { key: 's/d/dbo.A', table: 'dbo.A', owner: 'other', epoch: 1 };
let cleanup = new AsyncDisposableStack();

beforeEach(() => {
  cleanup = new AsyncDisposableStack();
});
afterEach(() => cleanup.disposeAsync());

async function serve(report: unknown): Promise<string> {
  const server = createServer((_request, response) => response.end(JSON.stringify(report)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function look(http: string, addresses: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-status-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'dstream.hcl');
  await writeFile(
    config,
    `processor {
       source {
         type              = "azure_service_bus"
         connection_string = "{{ env \\"DSTREAM_TEST_NOT_SET\\" }}"
         topic             = "ingest-topic"
       }
       output { type = "console" }
     }
     service { http = "${http}" }
`,
  );
  const credential = () => {
    throw new Error('nobody signs in here');
  };
  const source = await StatusSource.open({ config, addresses, clock: systemClock, credential });
  return source.look(never);
}

const both = {
  ingester: { instance: 'other', tables: [table] },
  processor: { instance: 'other', sessions: ['a'], outputs: [{ name: 'console' }] },
};

test('who answers where the configuration says it, without being announced, is seen as a processor only', async () => {
  const status = await look(await serve(both));
  expect(status.tables).toEqual([]);
  expect(status.replicas).toMatchObject([{ instance: 'other', services: ['processor'], sessions: 1 }]);
  expect([status.outputs.length, status.notes]).toEqual([1, []]);
});

test('an ingester of somebody else there is not seen at all', async () => {
  const status = await look(await serve({ ingester: both.ingester }));
  expect([status.tables, status.replicas]).toEqual([[], []]);
  expect(status.notes).toEqual([expect.stringContaining('no processor was found')]);
});

test('at an address that was given everything counts, and nobody there is said', async () => {
  const at = await serve(both);
  const status = await look('127.0.0.1:0', [`http://${at}`, 'http://127.0.0.1:9']);
  expect(status.tables).toMatchObject([{ table: 'dbo.A', owner: 'other', state: 'running' }]);
  expect(status.replicas).toMatchObject([
    { instance: 'other', services: ['ingester', 'processor'], reachable: true },
    { instance: null, address: 'http://127.0.0.1:9', reachable: false },
  ]);
});

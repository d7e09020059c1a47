/** The configuration of `LedgerRig`, and what becomes of its changes there, written down once more by hand. */
import { hash } from 'node:crypto';
import type { Position, Row, StampedEvent } from '@dstream/core';
import type { DueChange } from './delivery-ledger.ts';

/** Configuration of the processors. */
export const ledgerConfig = `
processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }
  transform "no-secrets" {
    type = "columns"
    match {
      tables = ["People", "Orders1"]
    }
    drop = ["Secret"]
  }
  transform "hashed" {
    type = "columns"
    match {
      tables = ["Items"]
    }
    hash      = ["Secret"]
    hash_salt = "{{ env "DSTREAM_SALT" }}"
  }
  route "orders" {
    match {
      tables     = ["Orders*"]
      operations = ["insert", "update"]
    }
    outputs = ["bus", "hook"]
  }
  route "audit" {
    match {
      tables     = ["Orders*", "People"]
      operations = ["update"]
    }
    outputs = ["files", "hook"]
  }
  route "noise" {
    match {
      tables = ["Noise"]
    }
    outputs = []
  }
  output "bus" {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_BUS_CONNECTION_STRING" }}"
    name              = "changes"
  }
  output "hub" {
    type              = "azure_event_hubs"
    connection_string = "{{ env "DSTREAM_EVENT_HUBS_CONNECTION_STRING" }}"
    name              = "changes"
  }
  output "files" {
    type = "file"
    path = "{{ env "DSTREAM_FOLDER" }}/{{ table }}.jsonl"
  }
  output "hook" {
    type = "http"
    url  = "{{ env "DSTREAM_HOOK_URL" }}"
    body    = "lines"
    headers = { Authorization = "Bearer {{ env "DSTREAM_HOOK_TOKEN" }}" }
    secret  = "{{ env "DSTREAM_HOOK_SECRET" }}"
  }
  default_outputs = ["bus", "hub", "files"]
}
service {
  http = "127.0.0.1:0"
}
`;

/** The tables of the ledger. */
export const ledgerTables = ['Orders0', 'Orders1', 'People', 'Items', 'Noise'] as const;
export type LedgerTable = (typeof ledgerTables)[number];

const operations = ['insert', 'update', 'delete'] as const;

/** What the routes above say: the outputs that must get it. */
export function outputsOf({ metadata: { table, operation } }: StampedEvent): readonly string[] {
  const [isOrder, isUpdate] = [table.startsWith('Orders'), operation === 'update'];
  if (table === 'Noise') return [];
  if (isOrder && operation === 'insert') return ['bus', 'hook'];
  if (isOrder && isUpdate) return ['bus', 'hook', 'files'];
  if (table === 'People' && isUpdate) return ['files', 'hook'];
  return ['bus', 'hub', 'files'];
}

/** Values that nothing of the processors may show. */
export const ledgerSecrets = {
  DSTREAM_SALT: 'salt-of-the-ledger',
  DSTREAM_HOOK_TOKEN: 'token-of-the-hook',
  DSTREAM_HOOK_SECRET: 'whsec_bGVkZ2VyLWxlZGdlci1sZWRnZXItbGVkZ2Vy',
} as const;

/** What the transforms above say. */
export function transformed({ data, before, metadata }: StampedEvent): DueChange {
  const { changed } = metadata;
  const isDropped = metadata.table === 'People' || metadata.table === 'Orders1';
  return {
    data: imageOf(data, metadata.table),
    ...(before && { before: imageOf(before, metadata.table) }),
    metadata: {
      ...metadata,
      ...(changed && { changed: isDropped ? changed.filter((column) => column !== 'Secret') : changed }),
    },
  };
}

function imageOf<R extends Row | null>(image: R, table: string): R {
  if (image === null) return image;
  const { Secret: secret, ...rest } = image;
  if (table === 'People' || table === 'Orders1') return rest as R;
  if (table !== 'Items') return image;
  return {
    ...rest,
    Secret: hash('sha256', `${ledgerSecrets.DSTREAM_SALT}${secret as string}`, 'hex'),
  } as unknown as R;
}

/** Rows of a table: later changes are of the same rows. */
const rows = 7;

/** Change `n` of a table: rows are inserted, updated and deleted in turn. */
export function changeOf(table: LedgerTable, n: number, generation: number): StampedEvent {
  const operation = operations[n % operations.length] ?? 'insert';
  const key = { ID: n % rows };
  const image = (of: number) => ({ ...key, N: of, Secret: `secret of ${of}` });
  return {
    data: image(n),
    ...(operation === 'update' && { before: image(n - 1) }),
    metadata: {
      version: 2,
      id: `${table}-${n}`,
      source: 'sqlserver',
      server: 's',
      database: 'd',
      schema: 'dbo',
      table,
      operation,
      key,
      ...(operation === 'update' && { changed: ['N', 'Secret'] }),
      origin: { lsn: '0x01' },
      sequence: n,
      committedAt: '2026-11-20T00:00:00.000Z',
      position: String(n).padStart(8, '0') as Position,
      generation,
      epoch: 1,
    },
  };
}

import type { IncomingMessage } from 'node:http';

/** What a request asks for, in the words of the REST API. The counters and the faults are by these. */
export type BlobOperation =
  | 'create-container'
  | 'list-blobs'
  | 'put-blob'
  | 'get-blob'
  | 'get-properties'
  | 'set-metadata'
  | 'delete-blob'
  | `${'acquire' | 'renew' | 'release' | 'break' | 'change'}-lease`
  | 'other';

export interface BlobRequest {
  readonly operation: BlobOperation;
  /** Container and blob, decoded: `locks/name/database/dbo.Cars.lock`. */
  readonly path: string;
}

const leaseActions: ReadonlySet<string> = new Set(['acquire', 'renew', 'release', 'break', 'change']);

/** Reads the request line (REST API: operations are told apart by method, `restype`, `comp` and a header). */
export function describeRequest(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): BlobRequest {
  const url = new URL(request.url ?? '/', 'http://blobs');
  const [, , ...rest] = url.pathname.split('/');
  return { operation: operationOf(request, url.searchParams), path: decodeURIComponent(rest.join('/')) };
}

function operationOf(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  query: URLSearchParams,
): BlobOperation {
  const comp = query.get('comp');
  if (query.get('restype') === 'container') return containerOperation(method, comp);
  const action = String(headers['x-ms-lease-action']);
  if (comp === 'lease' && leaseActions.has(action)) return `${action}-lease` as BlobOperation;
  return blobOperation(`${method} ${comp ?? ''}`);
}

function containerOperation(method: string | undefined, comp: string | null): BlobOperation {
  if (method === 'PUT' && comp === null) return 'create-container';
  return method === 'GET' && comp === 'list' ? 'list-blobs' : 'other';
}

function blobOperation(key: string): BlobOperation {
  switch (key) {
    case 'PUT ':
      return 'put-blob';
    case 'PUT metadata':
      return 'set-metadata';
    case 'GET ':
      return 'get-blob';
    case 'HEAD ':
      return 'get-properties';
    case 'DELETE ':
      return 'delete-blob';
    default:
      return 'other';
  }
}

/** What stands before Azurite in its own HTTP server: counts every request and lets faults happen to it. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { BlobFaultAction, BlobFaults } from './faults.ts';
import { describeRequest, type BlobOperation } from './operation.ts';

export interface FrontOptions {
  readonly faults: BlobFaults;
  readonly counters: Map<BlobOperation, number>;
  readonly handle: RequestListener;
  /** Ends the delays that are under way. */
  readonly closing: AbortSignal;
}

export function createFront({ faults, counters, handle, closing }: FrontOptions): RequestListener {
  return (request, response) => {
    const described = describeRequest(request);
    counters.set(described.operation, (counters.get(described.operation) ?? 0) + 1);
    const action = faults.take(described);
    if (action === undefined) handle(request, response);
    else meet(action, { request, response, handle, closing });
  };
}

interface Meeting extends Pick<FrontOptions, 'handle' | 'closing'> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function meet(action: BlobFaultAction, meeting: Meeting): void {
  const { request, response, handle } = meeting;
  switch (action.kind) {
    case 'refuse':
      refuse(action.status ?? 503, action.code ?? 'ServerBusy', meeting);
      break;
    case 'delay':
      delay(action.ms, meeting);
      break;
    case 'drop':
      request.socket.destroy();
      break;
    case 'lose-reply':
      loseReply(meeting);
      handle(request, response);
      break;
  }
}

/** The form of an error of the service: status, `x-ms-error-code` and an XML body (REST API: Status and error codes). */
function refuse(status: number, code: string, { request, response }: Meeting): void {
  request.resume();
  const text = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  const headers = { 'content-type': 'application/xml', 'x-ms-error-code': code };
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : text);
}

function delay(ms: number, { request, response, handle, closing }: Meeting): void {
  const timer = setTimeout(() => {
    closing.removeEventListener('abort', cut);
    handle(request, response);
  }, ms);
  const cut = () => {
    clearTimeout(timer);
    request.socket.destroy();
  };
  closing.addEventListener('abort', cut, { once: true });
}

/** Azurite writes its reply after the operation is done: cutting the connection there loses just the reply. */
function loseReply({ request, response }: Meeting): void {
  const cut = () => {
    request.socket.destroy();
    return response;
  };
  response.write = () => Boolean(cut());
  response.end = cut;
}

/** Asks one replica for its `/status`. What cannot be known is an answer too: why not. */
import { readReport, type ReplicaReport } from './replica-report.ts';

/** What came back from one address: a report, or the problem. */
export interface Answer {
  /** As `http://127.0.0.1:8080`. */
  readonly address: string;
  readonly report: ReplicaReport | undefined;
  /** Why there is no report; undefined when there is one. */
  readonly problem: string | undefined;
}

/** A status of a thousand tables is some 300 kB. What is larger is none. */
const maxBytes = 16 * 1_024 * 1_024;
const timeoutMs = 2_000;

/**
 * Rejects only with `signal.reason`.
 * @param token sent to this address and, because no redirection is followed, to no other
 */
export async function askReplica(address: string, signal: AbortSignal, token?: string): Promise<Answer> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const value = await read(`${address}/status`, within, token);
    const report = readReport(value);
    if (report !== undefined) return { address, report, problem: undefined };
    return { address, report: undefined, problem: 'the process at this address is not dstream' };
  } catch (error) {
    signal.throwIfAborted();
    return { address, report: undefined, problem: explain(error) };
  }
}

class NotStatus extends Error {}

async function read(url: string, signal: AbortSignal, token: string | undefined): Promise<unknown> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { signal, redirect: 'error', headers });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new NotStatus(refusal(response.status, token !== undefined));
  }
  return parsed(await readText(response));
}

function refusal(status: number, sentToken: boolean): string {
  if (status === 401 && sentToken)
    return 'it refuses the token (HTTP 401): its service { token } is another one';
  if (status === 401)
    return 'it asks for a token (HTTP 401): set service { token }, or DSTREAM_HTTP_TOKEN for --address alone';
  if (status === 403)
    return 'it serves no status (HTTP 403): its service has no token, and its address is not loopback';
  if (status === 421)
    return 'it does not answer under this host name (HTTP 421): ask by IP address, or set service { token }';
  return `it answers with HTTP ${status}`;
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new NotStatus('the process at this address is not dstream');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotStatus('the process at this address is not dstream');
  }
}

/** Node's fetch has the reason in its cause, by code. */
function explain(error: unknown): string {
  if (error instanceof NotStatus) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${timeoutMs / 1_000} s`;
  const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND') return 'no such host';
  return typeof code === 'string' ? `no answer (${code})` : 'no answer';
}

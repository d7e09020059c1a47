/** Asks one process whether it is alive, or ready. By node:http, which loads in a fraction of the time of `fetch`. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

/** What came of it: a line for a person, which names the address. */
export interface Health {
  readonly healthy: boolean;
  readonly text: string;
}

/** What is asked. */
export interface HealthQuestion {
  /** As `http://127.0.0.1:8080`. */
  readonly address: string;
  readonly about: 'alive' | 'ready';
  readonly timeoutMs: number;
}

const pathOf = { alive: '/livez', ready: '/readyz' };

/** Never rejects: whatever happens is an answer. */
export async function askHealth(question: HealthQuestion): Promise<Health> {
  const { address, about, timeoutMs } = question;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { status, text } = await read(`${address}${pathOf[about]}`, timeout);
    if (status === 200 && text === about) return { healthy: true, text: `${address} is ${about}` };
    const why = status === 503 ? text : 'the process at this address is not dstream';
    return { healthy: false, text: `${address} is not ${about}: ${why}` };
  } catch (error) {
    const why = timeout.aborted ? `no answer within ${timeoutMs / 1_000} s` : explain(error);
    return { healthy: false, text: `${address} is not ${about}: ${why}` };
  }
}

/** The reason of a probe is a line. */
const longestAnswer = 1_000;

async function read(url: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const request = get(url, { agent: false, signal });
  const [response] = (await once(request, 'response', { signal })) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > longestAnswer) break;
  }
  return { status: response.statusCode ?? 0, text: text.slice(0, longestAnswer).trim() };
}

function explain(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND') return 'no such host';
  return typeof code === 'string' ? `no answer (${code})` : 'no answer';
}

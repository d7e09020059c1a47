/** `dstream health`: finds out whom to ask, asks, and prints the answer. A file is read only where one is given. */
import { DStreamError } from '@dstream/core';
import { visibleText } from '@dstream/terminal';
import { configuredAddress } from '../process/http-address.ts';
import { print } from '../process/print.ts';
import { askHealth } from './ask-health.ts';

/** The options of `dstream health`. */
export interface HealthOptions {
  readonly config: string | undefined;
  /** As `http://127.0.0.1:8080`. */
  readonly address: string | undefined;
  readonly ready: boolean;
  readonly timeoutMs: number;
}

/** That of `service { http }`; `:8080` is reached there too. */
const defaultAddress = 'http://127.0.0.1:8080';

/** Prints one line. Resolves with the exit code: 0 for yes, 1 for no. Throws ConfigInvalid. */
export async function reportHealth({ config, address, ready, timeoutMs }: HealthOptions): Promise<number> {
  const asked = config === undefined ? (address ?? defaultAddress) : await addressIn(config);
  const { healthy, text } = await askHealth({ address: asked, about: ready ? 'ready' : 'alive', timeoutMs });
  if (healthy) await print(`${text}\n`);
  else process.stderr.write(`dstream: ${visibleText(text)}\n`);
  return healthy ? 0 : 1;
}

async function addressIn(file: string): Promise<string> {
  const { load } = await import('../configuration/load.ts');
  const configuration = await load(file, { use: 'validate' });
  const address = configuredAddress(configuration.service);
  if (address !== undefined) return address;
  const why = configuration.service.http === undefined ? 'nothing is served' : 'port 0 may be any port';
  const where = configuration.where('service.http');
  throw new DStreamError('ConfigInvalid', `${where}: ${why}; write --address HOST:PORT instead of --config`);
}

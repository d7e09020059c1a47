#!/usr/bin/env node
/**
 * `npm run stand-ins`: starts the stand-ins, prints one line of JSON when they are ready, and stays until SIGTERM,
 * SIGINT, SIGQUIT, or SIGHUP (unless it was started with that ignored). Nothing else goes to stdout. Exit 0 after a signal, 1 when they cannot run, 2 for wrong usage.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { makeLocalCertificate } from '@dstream/stand-in-certificate';
import { EntitiesInvalid, readEntities } from '@dstream/stand-in-amqp';
import { startStandIns } from './start-stand-ins.ts';

interface Flags {
  readonly sqlPort?: number;
  readonly serviceBusPort?: number;
  readonly eventHubsPort?: number;
  readonly blobPort?: number;
  readonly faultsPort?: number;
  readonly entities?: string;
  readonly certificateFile?: string;
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

const portOption = (name: string, server: string): Option =>
  new Option(`--${name}-port <port>`, `port of ${server} (a free one without it)`).argParser(parsePort);

const program = new Command('stand-ins')
  .description(
    'SQL Server, Service Bus, Event Hubs and blob storage on the loopback address, for development and tests.',
  )
  .addOption(portOption('sql', 'SQL Server'))
  .addOption(portOption('service-bus', 'Service Bus'))
  .addOption(portOption('event-hubs', 'Event Hubs'))
  .addOption(portOption('blob', 'blob storage'))
  .addOption(portOption('faults', 'the faults address'))
  .option(
    '--entities <file>',
    'topics, subscriptions, queues and hubs, as the Config.json of the official emulators declares them',
  )
  .option(
    '--certificate-file <file>',
    'writes the certificate of the brokers there (PEM), for clients that use TLS or WebSockets to trust',
  )
  .allowExcessArguments(false)
  .exitOverride()
  .addHelpText(
    'after',
    '\nWhen ready, one line of JSON says what to put into the environment and where the faults are.',
  );

async function run(flags: Flags): Promise<void> {
  const stopped = Promise.race(signals().map((name) => once(process, name)));
  const { entities: file, certificateFile, ...ports } = flags;
  const entities = file === undefined ? undefined : await readEntities(file);
  const certificate = certificateFile === undefined ? undefined : await makeLocalCertificate();
  if (certificateFile !== undefined && certificate !== undefined)
    await writeFile(certificateFile, certificate.cert);
  await using standIns = await startStandIns({ ...ports, entities, certificate });
  const { env, faults } = standIns;
  writeSync(1, `${JSON.stringify({ ready: true, env, faults })}\n`);
  await stopped;
}

function signals(): readonly string[] {
  const ignoresHangup = process.env['DSTREAM_HANGUP'] === 'ignored'; // the launcher says so
  if (ignoresHangup) process.on('SIGHUP', () => undefined);
  return ['SIGTERM', 'SIGINT', 'SIGQUIT', ...(ignoresHangup ? [] : ['SIGHUP'])];
}

/** One line a mistake; commander has written its own. */
function failed(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  return error instanceof EntitiesInvalid ? 2 : 1;
}

try {
  await run(program.parse().opts<Flags>());
  process.exitCode = 0;
} catch (error) {
  process.exitCode = failed(error);
}

/** A client of Service Bus or Event Hubs: its program gets a fresh broker with changes that dstream published. */
import { makeLocalCertificate } from '../stand-ins/certificate/src/local-certificate.ts';
import { Pipeline } from '../support/pipeline.ts';
import type { ForeignClient } from './foreign-client.ts';
import type { Language } from './languages.ts';
import { runProgram } from './program.ts';
import { publishChanges, publishedName } from './published-changes.ts';

/** @param name `LANGUAGE/PROGRAM` */
export function messagingClient(name: string, language: Language): ForeignClient {
  const program = name.slice(name.indexOf('/') + 1);
  return {
    name,
    tools: language.tools,
    prepare: (signal) => language.prepare(signal),
    async run(report, signal) {
      const certificate = await makeLocalCertificate();
      await using pipeline = await Pipeline.onStandIns({ certificate });
      const env = {
        FOREIGN_SERVICE_BUS: pipeline.env.DSTREAM_PUBLISHER_CONNECTION_STRING,
        FOREIGN_EVENT_HUBS: pipeline.env.DSTREAM_EVENT_HUBS_CONNECTION_STRING,
        FOREIGN_CERTIFICATE: await pipeline.file('certificate.pem', certificate.cert),
        FOREIGN_PUBLISHED: await publishChanges(pipeline),
        FOREIGN_PUBLISHED_NAME: publishedName,
      };
      await runProgram({ ...language.command(program), env }, report, signal);
    },
  };
}

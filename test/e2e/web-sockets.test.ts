/** A network that lets nothing out but HTTPS through its proxy: ingester and processor reach Service Bus all the same. */
import { expect, test } from 'vitest';
import { makeLocalCertificate } from '../stand-ins/certificate/src/local-certificate.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';

test('changes pass a proxy over WebSockets, by transport and by TransportType', async () => {
  const certificate = await makeLocalCertificate();
  await using pipeline = await Pipeline.onStandIns({ certificate });
  await using proxy = await startConnectProxy();
  const overTls = pipeline.env.DSTREAM_INGEST_CONNECTION_STRING.replace(
    'UseDevelopmentEmulator=true;',
    '',
  ).replace('127.0.0.1', 'localhost');
  const env = {
    DSTREAM_INGEST_CONNECTION_STRING: `${overTls};TransportType=AmqpWebSockets`,
    DSTREAM_PUBLISHER_CONNECTION_STRING: overTls,
    NODE_EXTRA_CA_CERTS: await pipeline.file('ca.pem', certificate.cert),
    HTTPS_PROXY: proxy.url,
    NO_PROXY: '127.0.0.1', // the storage stand-in
  };
  const text = pipeline
    .configText({ tables: ['T'] })
    .replace('subscription      =', 'transport = "websockets"\n    subscription      =');
  const config = await pipeline.file('dstream.hcl', text);
  await createCapturedTable(pipeline.database, 'T');

  const ingester = pipeline.run('ingester', config, env);
  const processor = pipeline.run('processor', config, env);
  await insertRows(pipeline.database, 'T', { from: 1, to: 200 });
  await pipeline.arrivedDistinct(200);
  expect(await Promise.all([ingester.stop(), processor.stop()])).toEqual([0, 0]);

  const port = /localhost:(\d+)/.exec(overTls)?.[1];
  expect(new Set(proxy.tunnels)).toEqual(new Set([`localhost:${port}`]));
  expect(proxy.tunnels.length).toBeGreaterThan(1);
});

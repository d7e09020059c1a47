/** Changes that a real `dstream` published: to a topic and a hub, and as the same lines to a file to compare with. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

/** Topic and hub of that name; the topic has the subscription `dstream` with sessions. */
export const publishedName = 'published';

const tables = ['Orders', 'Lieferungen'];
const rows = 120;

const outputs = (path: string): string => `
  output "topic" {
    type              = "azure_service_bus"
    connection_string = "{{ env \\"DSTREAM_PUBLISHER_CONNECTION_STRING\\" }}"
    name              = "${publishedName}"
  }
  output "hub" {
    type              = "azure_event_hubs"
    connection_string = "{{ env \\"DSTREAM_EVENT_HUBS_CONNECTION_STRING\\" }}"
    name              = "${publishedName}"
  }
  output "file" {
    type = "file"
    path = "${path}"
  }`;

/** Resolves with the path of the file when every change is everywhere. */
export async function publishChanges(pipeline: Pipeline): Promise<string> {
  for (const table of tables) await createCapturedTable(pipeline.database, table);
  const config = await pipeline.file('published.hcl', '');
  const path = join(dirname(config), 'published.jsonl');
  const text = pipeline.configText({ tables }).replace(/output \{[^}]*\}/, outputs(path));
  const server = pipeline.run('server', await pipeline.file('published.hcl', text));
  // Two services start in one process: that takes a while on a busy machine.
  await server.logged('processor ready', 60_000);
  for (const table of tables) {
    await insertRows(pipeline.database, table, { from: 1, to: rows });
    await pipeline.database.query(`UPDATE dbo.[${table}] SET Note = N'später: ' + Note WHERE N % 3 = 0`);
    await pipeline.database.query(`DELETE FROM dbo.[${table}] WHERE N % 4 = 0`);
  }
  const expected = tables.length * (rows + rows / 3 + rows / 4);
  const lines = async () => (await readFile(path, 'utf8').catch(() => '')).split('\n').length - 1;
  await until(
    async () => (await lines()) >= expected,
    () => `dstream published ${expected} changes; it said:\n${server.logs.slice(-10).join('\n')}`,
    60_000,
  );
  const code = await server.stop();
  if (code !== 0) throw new Error(`dstream ended with ${code}: ${server.logs.slice(-10).join('\n')}`);
  return path;
}

/**
 * The bare read that encodes: `tedious` streams the changes of every table with the select list that our source uses, one statement
 * a table, all tables at once, makes the event of each row and encodes it once: to the bytes that a message carries. It drops them.
 */
import { parseConnectionString } from '@dstream/sqlserver';
import { Connection, Request } from 'tedious';
import { givenOptions, reportRun } from './report.ts';

export interface ReadEncodedOptions {
  readonly connectionString: string;
  readonly columns: readonly string[];
  readonly reads: readonly { readonly table: string; readonly statement: string }[];
  readonly rows: number;
}

interface Cell {
  readonly value: unknown;
}

const { connectionString, columns, reads, rows } = givenOptions() as ReadEncodedOptions;
const connections = await Promise.all(reads.map(() => connect()));
const times = await commitTimes();
let encoded = 0;

await reportRun(async () => {
  const counts = await Promise.all(reads.map((read, n) => readTable(read, connections[n])));
  const seen = counts.reduce((sum, count) => sum + count, 0);
  if (seen !== rows || encoded === 0) throw new Error(`${rows} rows were expected, ${seen} came`);
});

function connect(): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const { host, port, database, login, encrypt, trustServerCertificate } =
    parseConnectionString(connectionString);
  if (login.kind !== 'password') throw new Error('the stand-ins take a password');
  const connection = new Connection({
    server: host,
    authentication: { type: 'default', options: { userName: login.user, password: login.password } },
    options: {
      ...(port !== undefined && { port }),
      database,
      encrypt,
      trustServerCertificate,
      packetSize: 16_384,
      useUTC: true,
      requestTimeout: 0,
    },
  });
  connection.connect((error) => (error === undefined ? resolve(connection) : reject(error)));
  return promise;
}

/** In the time of no side: ours reads them with every page. */
async function commitTimes(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  await stream(connections[0], 'SELECT start_lsn, tran_end_time FROM cdc.lsn_time_mapping', (cells) => {
    found.set(bytesOf(cells, 0).toString('hex'), (cells[1]?.value as Date | undefined)?.toISOString() ?? '');
  });
  return found;
}

async function readTable(
  { table, statement }: ReadEncodedOptions['reads'][number],
  connection: Connection | undefined,
): Promise<number> {
  let count = 0;
  let [last, sequence] = ['', 0];
  await stream(connection, statement, (cells) => {
    const lsn = bytesOf(cells, 0).toString('hex').toUpperCase();
    sequence = lsn === last ? sequence + 1 : 1;
    last = lsn;
    encoded += Buffer.from(JSON.stringify(eventOf(table, lsn, sequence, cells))).length;
    count += 1;
  });
  return count;
}

function eventOf(table: string, lsn: string, sequence: number, cells: readonly Cell[]): unknown {
  const data: Record<string, unknown> = {};
  for (const [n, name] of columns.entries()) data[name] = cells[n + 4]?.value;
  const seqval = bytesOf(cells, 1).toString('hex').toUpperCase();
  return {
    data,
    metadata: {
      version: 2,
      id: `bench/shop/dbo.${table}:${lsn}:${seqval}:2`,
      source: 'sqlserver',
      server: 'bench',
      database: 'shop',
      schema: 'dbo',
      table,
      operation: 'insert',
      key: { Id: data['Id'] },
      origin: { captureInstance: `dbo_${table}`, lsn: `0x${lsn}`, seqval: `0x${seqval}` },
      sequence,
      committedAt: times.get(lsn.toLowerCase()),
      position: `${lsn}:${String(sequence).padStart(10, '0')}`,
      generation: 1_795_166_130_123,
      epoch: 1,
    },
  };
}

function bytesOf(cells: readonly Cell[], n: number): Buffer {
  return cells[n]?.value as Buffer;
}

function stream(
  connection: Connection | undefined,
  statement: string,
  onRow: (cells: readonly Cell[]) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new Request(statement, (error) => (error ? reject(error) : resolve()));
    request.on('row', onRow);
    connection?.execSql(request);
  });
}

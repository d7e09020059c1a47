/**
 * Preloaded (`--import`) into a process whose coverage is measured. Counts from its start, so that every function is
 * counted in blocks, and answers each connection to the socket that `DSTREAM_MEASURE_SOCKET` names with the scripts of
 * the product that have run since the last answer, as JSON.
 */
import { Session, type Profiler } from 'node:inspector';
import { createServer } from 'node:net';

const socket = process.env['DSTREAM_MEASURE_SOCKET'];
// What this process starts is another one.
delete process.env['DSTREAM_MEASURE_SOCKET'];
delete process.env['NODE_OPTIONS'];

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

const server = createServer((connection) => {
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error !== null) connection.destroy(error);
    else connection.end(JSON.stringify(coverage.result.filter(isOwn)));
  });
});
server.listen(socket);
server.unref();

function isOwn({ url }: Profiler.ScriptCoverage): boolean {
  return /^file:.*\/(apps|libs)\/.*\.ts$/.test(url) && !url.includes('/node_modules/');
}

/** The command line. Exits 0 when all went well, 1 when it failed while running, 2 for wrong configuration or usage. */
import { standardErrorLog } from '@dstream/runtime/log-output';
import { catchCrashes } from './process/crashes.ts';
import { endProcess } from './process/end-process.ts';
import { runProgram } from './program.ts';
import { addProxyScheme } from './process/proxy-scheme.ts';

catchCrashes();
addProxyScheme(process.env);
// A reader that goes away is no failure. Of standard output only the commands that print to it say so, because the
// services write their changes there.
process.stderr.on('error', () => undefined);
endProcess(await runProgram(process.argv.slice(2)), () => standardErrorLog().isBlocked);

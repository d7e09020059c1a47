/** The entry of the command line. Exit codes: 0 clean, 1 failed while running, 2 wrong configuration or usage. */
import { standardErrorLog } from '@dstream/runtime/log-output';
import { addProxyScheme } from './process/environment.ts';
import { catchCrashes, endProcess } from './process/exit.ts';
import { runProgram } from './program.ts';

catchCrashes();
addProxyScheme(process.env);
// Nobody has to read standard error. Of standard output only the commands that print to it handle this: the services
// write their changes there.
process.stderr.on('error', () => undefined);
endProcess(await runProgram(process.argv.slice(2)), () => standardErrorLog().isBlocked);

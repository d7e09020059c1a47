/** The command line. Exits 0 when all went well, 1 when it failed while running, 2 for wrong configuration or usage. */
import { catchCrashes } from './crashes.ts';
import { endProcess } from './end-process.ts';
import { runProgram } from './program.ts';

catchCrashes();
endProcess(await runProgram(process.argv.slice(2)), () => false);

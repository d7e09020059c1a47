#!/usr/bin/env -S node --max-semi-space-size=4 --max-old-space-size=512
/**
 * The command line. Exits 0 when all went well, 1 when it failed while running, 2 for wrong configuration or usage.
 *
 * The flags keep the garbage collector at work: on a large machine V8 would rather let the heap grow to some 400 MB
 * over a backlog than collect it. Measured with `npm run bench -- backlog`; the throughput is the same.
 */
import { endProcess } from './end-process.ts';
import { runProgram } from './program.ts';

endProcess(await runProgram(process.argv.slice(2)), () => false);

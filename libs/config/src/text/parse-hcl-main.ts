/** Entry of the process that parses: HCL on standard input, the result as JSON on standard output. */
import { text } from 'node:stream/consumers';
import { parseHcl } from './parse-hcl.ts';

process.stdout.write(JSON.stringify(await parseHcl(await text(process.stdin))));

/** Asks the person at the terminal before something is done. */
import { createInterface } from 'node:readline';

/** There is a terminal to ask at: questions go to standard error, because standard output may be piped. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Whether the answer matches `agreed`. False, too, when the terminal ends the input or the question is interrupted. */
export async function confirm(question: string, agreed: RegExp): Promise<boolean> {
  return agreed.test((await answerTo(question)).trim());
}

function answerTo(question: string): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    lines.once('close', () => resolve(''));
    lines.once('SIGINT', () => lines.close());
    lines.question(question, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}

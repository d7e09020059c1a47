/** What commander's errors of usage leave unsaid. */

/** Of every option that a command has, with two dashes. */
type Known = ReadonlySet<string>;

/** A hint for the text of an error, on a line of its own; empty when there is none. */
export function usageHint(text: string, known: Known): string {
  const option = /unknown option '(-{1,2})([\w-]+)/.exec(text);
  const [, dashes, name = ''] = option ?? [];
  if (dashes === '-' && name.length > 1 && known.has(`--${name}`))
    return `(Options have two dashes: --${name})\n`;
  if (dashes === '--' && known.has(`--${name}`) && !text.includes('Did you mean'))
    return `(It stands after a command that has it: dstream COMMAND --${name})\n`;
  if (text.includes('too many arguments') && !text.includes("'validate'"))
    return '(A configuration file is named with --config FILE)\n';
  return '';
}

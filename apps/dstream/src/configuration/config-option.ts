/** The option that names the configuration file, of the commands that need one. */
import type { Command } from 'commander';

/** Where a command looks when nothing else is said. */
export const defaultFile = 'dstream.hcl';

export function withConfig(command: Command): Command {
  return command.option('--config <file>', 'the configuration file (HCL), - is standard input', defaultFile);
}

import { styleText } from 'node:util';

/** A style of `util.styleText`, such as `bold` or `red`. */
export type Style = Parameters<typeof styleText>[0];

/** A text in a style, or as it is where there are no colours. */
export type Paint = (style: Style, text: string) => string;

/** Adds escape sequences, whatever the stream is. */
export const inColour: Paint = (style, text) => styleText(style, text, { validateStream: false });
/** Leaves the text as it is. */
export const plain: Paint = (_style, text) => text;

type Environment = Readonly<Record<string, string | undefined>>;

/** Colours are for terminals only, unless NO_COLOR is set (no-color.org) or the terminal has none. */
export function hasColours(terminal: boolean, env: Environment): boolean {
  return terminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** `inColour` or `plain`, by `hasColours`. */
export function paintFor(terminal: boolean, env: Environment): Paint {
  return hasColours(terminal, env) ? inColour : plain;
}

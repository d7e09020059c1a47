import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** A text in a style, or as it is where there are no colours. */
export type Paint = (style: Style, text: string) => string;

export const inColour: Paint = (style, text) => styleText(style, text, { validateStream: false });
export const plain: Paint = (_style, text) => text;

/** Colours stand in terminals only, and not where somebody does not want them (no-color.org) or cannot have them. */
export function paintFor(terminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const wanted = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return terminal && wanted ? inColour : plain;
}

import type { RheaLink } from '../../protocol/rhea-internals.ts';

/** Did the client ask for it when it attached? The field holds one symbol or an array of them. */
export function wants(link: RheaLink, capability: string): boolean {
  const asked: unknown = link.desired_capabilities;
  return (Array.isArray(asked) ? asked : [asked]).some((one) => String(one) === capability);
}

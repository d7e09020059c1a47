import { expect, test } from 'vitest';
import { parseEntityPath } from './entity-path.ts';

test.each([
  ['q', { entity: 'q', subscription: undefined, deadLetter: false }],
  ['/q', { entity: 'q', subscription: undefined, deadLetter: false }],
  ['a/b/q', { entity: 'a/b/q', subscription: undefined, deadLetter: false }],
  ['q/$DeadLetterQueue', { entity: 'q', subscription: undefined, deadLetter: true }],
  ['t/Subscriptions/s', { entity: 't', subscription: 's', deadLetter: false }],
  ['t/subscriptions/s/$deadletterqueue', { entity: 't', subscription: 's', deadLetter: true }],
])('%s', (address, path) => expect(parseEntityPath(address)).toEqual(path));

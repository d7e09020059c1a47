import { expect, test } from 'vitest';
import { decodeMessage } from './amqp-codec.ts';
import { encodeMap, encodeSection, encodeText } from './wire/encode.ts';

test('a boolean is one in each of its forms', () => {
  const forms = { short: [0x41], wide: [0x56, 0x01], no: [0x42], wideNo: [0x56, 0x00] };
  const pairs = Object.entries(forms).flatMap(([name, bytes]) => [encodeText(name), Buffer.from(bytes)]);
  expect(decodeMessage(encodeSection(0x74, encodeMap(pairs))).application_properties).toEqual({
    short: true,
    wide: true,
    no: false,
    wideNo: false,
  });
});

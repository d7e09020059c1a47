import { binaryOf, sectionsOf, WireError } from './scan.ts';

/** Message format of a batch: a message whose data sections each hold one encoded message. */
export const batchFormat = 0x80013700;

const dataSection = 0x75;

/** The encoded messages of a batch, in order. */
export function parseBatch(bytes: Buffer): Buffer[] {
  const data = sectionsOf(bytes).filter((section) => section.code === dataSection);
  return data.map((section) => {
    const content = binaryOf(bytes, section.value);
    if (content === undefined) throw new WireError('a data section of a batch holds no binary');
    return content;
  });
}

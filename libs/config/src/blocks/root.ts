/** The file as a whole. */
import type { OutputTypes } from '../definitions/output-type.ts';
import { child, type BlockSchema } from '../schema/schema.ts';
import { ingesterSchema } from './ingester.ts';
import { processorSchema, publisherSchema } from './processor.ts';
import { serviceSchema } from './service.ts';

export function rootSchema(outputs: OutputTypes): BlockSchema {
  return {
    type: '',
    doc: '',
    keys: {},
    blocks: [
      child(ingesterSchema, 'optional'),
      child(processorSchema(outputs), 'optional'),
      child(publisherSchema(outputs), 'optional'),
      child(serviceSchema, 'optional'),
    ],
  };
}

/** The file as a whole. */
import { child, type BlockSchema } from '../schema.ts';
import { ingesterSchema } from './ingester.ts';
import { processorSchema, publisherSchema } from './processor.ts';
import { serviceSchema } from './service.ts';

export const rootSchema: BlockSchema = {
  type: '',
  doc: '',
  keys: {},
  blocks: [
    child(ingesterSchema, 'optional'),
    child(processorSchema, 'optional'),
    child(publisherSchema, 'optional'),
    child(serviceSchema, 'optional'),
  ],
};

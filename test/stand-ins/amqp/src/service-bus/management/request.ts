import type { AmqpMessage } from '../../protocol/amqp-codec.ts';
import { Refusal } from '../../protocol/refusal.ts';
import { integerOf } from '../../protocol/wire/scan.ts';

/** A management request with its body's fields read by kind. A field of the wrong kind is an argument-error. */
export interface ManagementRequest {
  readonly operation: string;
  /** The link that the request belongs to: the one that holds the session. */
  readonly link: string | undefined;
  text(field: string): string;
  optionalText(field: string): string | undefined;
  number(field: string): number;
  numbers(field: string): number[];
  bytes(field: string): Buffer | undefined;
  bytesList(field: string): Buffer[];
  record(field: string): Readonly<Record<string, unknown>> | undefined;
  records(field: string): Readonly<Record<string, unknown>>[];
}

export function readRequest(message: AmqpMessage): ManagementRequest {
  const body = (message.body ?? {}) as Readonly<Record<string, unknown>>;
  const properties = message.application_properties ?? {};
  const optionalText = (field: string): string | undefined => {
    const value = body[field];
    return value === undefined || value === null ? undefined : must(value, field, isText);
  };
  return {
    operation: optionalProperty(properties['operation']) ?? '',
    link: optionalProperty(properties['associated-link-name']),
    optionalText,
    text: (field) => must(optionalText(field), field, isText),
    number: (field) => numberOf(body[field], field),
    numbers: (field) => must(body[field], field, Array.isArray).map((value) => numberOf(value, field)),
    bytes: (field) => {
      const value = body[field];
      return value === undefined || value === null ? undefined : must(value, field, isBytes);
    },
    bytesList: (field) => must(body[field], field, Array.isArray).map((value) => must(value, field, isBytes)),
    record: (field) => {
      const value = body[field];
      return value === undefined || value === null ? undefined : must(value, field, isRecord);
    },
    records: (field) => must(body[field], field, Array.isArray).map((value) => must(value, field, isRecord)),
  };
}

function must<T>(value: unknown, field: string, is: (value: unknown) => value is T): T {
  if (is(value)) return value;
  throw new Refusal(
    'com.microsoft:argument-error',
    `The request's '${field}' is missing or of the wrong type.`,
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isBytes = (value: unknown): value is Buffer => Buffer.isBuffer(value);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A number too large for a double arrives as its eight bytes. */
function numberOf(value: unknown, field: string): number {
  if (Buffer.isBuffer(value)) return integerOf(Buffer.concat([Buffer.from([0x81]), value])) ?? Number.NaN;
  return must(value, field, isNumber);
}

function optionalProperty(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

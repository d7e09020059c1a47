import type { SqlMessage } from '../../engine/interface/engine-session.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

const ERROR = 0xaa;
const INFO = 0xab;
/** RAISERROR cuts at 2,047 characters; the token's length has two bytes. */
const LONGEST_MESSAGE = 2047;

/** From this severity on a message is an error ([MS-TDS] 2.2.7.10). */
export const ERROR_SEVERITY = 11;
/** From this severity on the server closes the connection. */
export const FATAL_SEVERITY = 20;

export const SERVER_NAME = 'dstream-stand-in';

/** An ERROR or INFO token, by severity. */
export function writeMessage(out: ByteWriter, message: SqlMessage): void {
  out.u8(message.severity >= ERROR_SEVERITY ? ERROR : INFO);
  const length = out.openLength();
  out.u32(message.number);
  out.u8(message.state);
  out.u8(message.severity);
  out.text(message.message.slice(0, LONGEST_MESSAGE));
  out.shortText(SERVER_NAME);
  out.shortText(message.procedure ?? '');
  out.u32(message.line);
  out.closeLength(length);
}

import type { SqlMessage } from '../../engine/interface/engine-session.ts';
import { doneToken, writeDone } from '../tokens/done.ts';
import {
  writeCollationChange,
  writeDatabaseChange,
  writeLanguageChange,
  writePacketSizeChange,
} from '../tokens/environment.ts';
import { writeMessage } from '../tokens/messages.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { INITIAL_PACKET_BYTES } from '../wire/packet.ts';
import type { Login } from './login-request.ts';
import { SERVER_VERSION } from './prelogin.ts';

const LOGINACK = 0xad;
const FEATUREEXTACK = 0xae;
const TDS_7_4 = 0x74000004;
const LANGUAGE = 'us_english';
const CANNOT_OPEN_DATABASE = 4060;

function information(number: number, state: number, message: string): SqlMessage {
  return { number, severity: 0, state, message, line: 1 };
}

export function databaseChanged(database: string): SqlMessage {
  return information(5701, 2, `Changed database context to '${database}'.`);
}

function writeLoginAck(out: ByteWriter, login: Login): void {
  out.u8(LOGINACK);
  const length = out.openLength();
  out.u8(1);
  const at = out.grow(4);
  out.bytes.writeUInt32BE(Math.min(login.tdsVersion, TDS_7_4), at);
  out.shortText('Microsoft SQL Server');
  out.u8(SERVER_VERSION.major);
  out.u8(SERVER_VERSION.minor);
  out.u8(SERVER_VERSION.build >>> 8);
  out.u8(SERVER_VERSION.build & 0xff);
  out.closeLength(length);
}

const feature = { federated: 0x02, utf8: 0x0a, end: 0xff } as const;

/** tedious fails on an acknowledgement that it did not ask for, and on one without a feature. */
function writeFeatureAck(out: ByteWriter, { asksUtf8, federated }: Login): void {
  out.u8(FEATUREEXTACK);
  if (federated) {
    out.u8(feature.federated);
    out.u32(0); // the library ADAL gets no data back
  }
  if (asksUtf8) {
    out.u8(feature.utf8);
    out.u32(1);
    out.u8(1);
  }
  out.u8(feature.end);
}

/** In the order in which SQL Server sends it. */
export function writeLoginAccepted(
  out: ByteWriter,
  login: Login,
  database: string,
  packetBytes: number,
): void {
  writeDatabaseChange(out, database, 'master');
  writeMessage(out, databaseChanged(database));
  writeCollationChange(out);
  writeLanguageChange(out, LANGUAGE);
  writeMessage(out, information(5703, 1, `Changed language setting to ${LANGUAGE}.`));
  writeLoginAck(out, login);
  if (login.asksUtf8 || login.federated) writeFeatureAck(out, login);
  writePacketSizeChange(out, packetBytes, INITIAL_PACKET_BYTES);
  writeDone(out, { token: doneToken.done }, false, false);
}

/** A database that cannot be opened is followed by the refused login, as SQL Server does. */
export function writeLoginRefused(out: ByteWriter, login: Login, error: SqlMessage): void {
  writeMessage(out, error);
  if (error.number === CANNOT_OPEN_DATABASE) {
    const message = `Login failed for user '${login.request.user}'.`;
    writeMessage(out, { number: 18456, severity: 14, state: 1, message, line: 1 });
  }
  writeDone(out, { token: doneToken.done, failed: true }, false, false);
}

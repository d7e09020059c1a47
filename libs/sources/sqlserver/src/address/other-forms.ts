/** Connection strings of other drivers, and what a shell or an .env file leaves around a value: recognised to say what would be right. */
import { invalid } from './keyword-pairs.ts';

const right =
  'write Server=HOST,PORT;Database=…;User Id=…;Password=… or sqlserver://USER:PASSWORD@HOST:PORT?database=…';

/** Prisma's, and JDBC's without its prefix: a URL that ends in keywords. A login before the host is not part of it. */
const urlWithKeywords =
  /^(?:sqlserver|mssql):\/\/[^@/?;:]+(?::\d+)?;\s*(?:database|databasename|initial ?catalog|user|username|uid|password|pwd|encrypt|trustservercertificate|schema|instancename)\s*=/i;

/** Throws ConfigInvalid, which names the form and repeats no value. */
export function refuseOtherForms(text: string): void {
  if (/^(["']).*\1$/s.test(text))
    throw invalid('is in quotes as a whole: remove them (a shell takes them off, an .env file may not)');
  if (/^jdbc:/i.test(text)) throw invalid(`has the form of JDBC: ${right}`);
  if (urlWithKeywords.test(text)) throw invalid(`has the form of Prisma, keywords after a URL: ${right}`);
  if (/^(?:driver|dsn|filedsn)\s*=/i.test(text))
    throw invalid(
      `has the form of ODBC: leave Driver=… out, and write quotes where braces stand around a value; ${right}`,
    );
  if (/^provider\s*=/i.test(text)) throw invalid(`has the form of OLE DB: leave Provider=… out; ${right}`);
  const scheme = /^([a-z][a-z0-9+.-]{1,30}):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'sqlserver' && scheme !== 'mssql')
    throw invalid(`begins with "${scheme}://", which is not known here: ${right}`);
}

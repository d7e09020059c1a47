import { faulty, sound, textOf, type ValueType } from './value-type.ts';

export interface HttpAddress {
  /** A name or an address; an IPv6 address without its brackets. `::` is every address, of both families. */
  readonly host: string;
  readonly port: number;
}

const form = /^(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):(?<port>\d{1,5})$/;

/** `host:port`; `:8080` is every address of the machine, of both families, as in Go; an empty text turns it off. */
export const httpAddress: ValueType<HttpAddress | undefined> = {
  expected: 'host:port, or "" for none',
  blank: undefined,
  read: (given) => {
    const value = textOf(given);
    if (value === '') return sound(undefined);
    const found = form.exec(value ?? '')?.groups;
    const port = Number(found?.['port']);
    if (found === undefined) {
      return faulty(`${given.shown} is not an address`, 'write "127.0.0.1:8080", ":8080", or "" for none');
    }
    if (port > 65_535)
      return faulty(`the port of ${given.shown} is out of range (0–65535)`, 'write 0 for any free port');
    const host = (found['host'] ?? '').replaceAll(/[[\]]/g, '');
    return sound({ host: host === '' ? '::' : host, port });
  },
};

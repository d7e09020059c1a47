import { describe, expect, test } from 'vitest';
import { errorNumber } from '../../errors/test-error-number.ts';
import { converter, convertValue } from './convert-value.ts';
import { text, type } from './test-conversion.ts';

describe('bytes, uniqueidentifiers and text', () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  test('binary styles', () => {
    const value = bytes(0x0a, 0xff);
    expect(convertValue(value, type('varbinary(2)'), type('varchar(10)'), 1)).toBe('0x0AFF');
    expect(convertValue(value, type('varbinary(2)'), type('varchar(10)'), 2)).toBe('0AFF');
    expect(text('0x0AFF', 'varbinary(10)', 1)).toEqual(value);
    expect(text('0aff', 'varbinary(10)', 2)).toEqual(value);
    expect(text('AB', 'varbinary(10)')).toEqual(bytes(0x41, 0x42));
    expect(errorNumber(() => text('0x0', 'varbinary(10)', 1))).toBe(8114);
    expect(errorNumber(() => text('0AFF', 'varbinary(10)', 1))).toBe(8114);
  });

  test('numbers fill binary from the right, text from the left', () => {
    expect(convertValue(1, type('int'), type('binary(6)'))).toEqual(bytes(0, 0, 0, 0, 0, 1));
    expect(convertValue(258, type('int'), type('varbinary(1)'))).toEqual(bytes(2));
    expect(text('A', 'binary(3)')).toEqual(bytes(0x41, 0, 0));
    expect(convertValue(bytes(0xff, 0xff, 0xff, 0xfe), type('varbinary(4)'), type('int'))).toBe(-2);
  });

  test('nvarchar is UTF-16, varchar code page 1252', () => {
    expect(convertValue('€', type('nvarchar(1)'), type('varbinary(4)'))).toEqual(bytes(0xac, 0x20));
    expect(convertValue('€', type('varchar(1)'), type('varbinary(4)'))).toEqual(bytes(0x80));
    expect(convertValue('aЖ€', type('nvarchar(3)'), type('varchar(3)'))).toBe('a?€');
  });

  test('a uniqueidentifier has its first three groups little-endian', () => {
    const guid = '6F9619FF-8B86-D011-B42D-00C04FC964FF';
    const written = convertValue(guid, type('uniqueidentifier'), type('binary(16)')) as Uint8Array;
    expect(written.slice(0, 8)).toEqual(bytes(0xff, 0x19, 0x96, 0x6f, 0x86, 0x8b, 0x11, 0xd0));
    expect(convertValue(written, type('binary(16)'), type('uniqueidentifier'))).toBe(guid);
    expect(text(`{${guid.toLowerCase()}}`, 'uniqueidentifier')).toBe(guid);
    expect(errorNumber(() => convertValue(guid, type('uniqueidentifier'), type('varchar(10)')))).toBe(8170);
  });

  test('text is cut off, char is filled with blanks', () => {
    expect(text('abcdef', 'varchar(3)')).toBe('abc');
    expect(text('ab', 'char(4)')).toBe('ab  ');
    expect(convertValue('ab', type('varchar(2)'), type('nchar(3)'))).toBe('ab ');
  });

  test('a decimal survives a trip through its bytes', () => {
    const value = { unscaled: -12345n, scale: 2 };
    const written = convertValue(value, type('decimal(10,2)'), type('varbinary(20)'));
    expect(written).toEqual(bytes(10, 2, 0, 0, 0x39, 0x30, 0, 0, 0, 0, 0, 0));
    expect(convertValue(written, type('varbinary(20)'), type('decimal(10,2)'))).toEqual(value);
  });

  test('sql_variant keeps the type it was made from', () => {
    const variant = convertValue(5, type('int'), type('sql_variant'));
    expect(variant).toEqual({ type: { name: 'int' }, value: 5 });
    expect(convertValue(variant, type('sql_variant'), type('varchar(5)'))).toBe('5');
  });
});

test('NULL stays NULL in every conversion', () => {
  expect(convertValue(null, type('int'), type('varchar(1)'))).toBeNull();
  expect(converter(type('datetime'), type('varchar(30)'), 126)(null)).toBeNull();
});

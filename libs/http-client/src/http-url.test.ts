import { describe, expect, test } from 'vitest';
import { httpUrl } from './http-url.ts';
import { hidingSecrets } from './shown-url.ts';

const given = (value: unknown) =>
  ({ value, shown: String(value), fromVariable: false, items: [] }) as Parameters<typeof httpUrl.read>[0];

describe('a url in a configuration file', () => {
  test.each(['https://h/x?key=1', 'http://127.0.0.1:8080'])('%s is one', (url) =>
    expect(httpUrl.read(given(url))).toEqual({ value: url }),
  );

  test.each([
    [5, 'the value is not a URL'],
    ['h/x', 'the value is not a URL'],
    ['ftp://h/x', 'the URL is neither http nor https'],
    ['https://u:p@h/x', 'the URL holds a user or password'],
    ['https://h/x#y', 'the URL has a fragment (#), which is never sent'],
  ])('%s is none, and its error repeats nothing of it', (url, wrong) =>
    expect(httpUrl.read(given(url))).toEqual({ faults: [expect.objectContaining({ wrong })] }),
  );
});

test('secrets of a request are taken out of what a service answers; a short value is none', () => {
  const hide = hidingSecrets({
    url: 'https://h/hook/Zq8wXs1kLmN4pQ7rTt?code=hunter2%2Fhunter2',
    headers: { authorization: 'Bearer open-sesame', 'x-a': 'a' },
    others: ['whsec_signs'],
  });
  expect(hide('a token open-sesame, or Bearer open-sesame')).toBe('a token [secret], or [secret]');
  expect(hide('at Zq8wXs1kLmN4pQ7rTt: hunter2/hunter2, hunter2%2Fhunter2')).toBe(
    'at [secret]: [secret], [secret]',
  );
  expect(hide('signed with whsec_signs')).toBe('signed with [secret]');
});

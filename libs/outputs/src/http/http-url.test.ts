import { createHash } from 'node:crypto';
import { shownUrl } from '@dstream/http-client/schema';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { UrlTemplate, urlTemplate } from './http-url.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const given = (value: string) => ({ value, shown: JSON.stringify(value), fromVariable: false, items: [] });

describe('the URL of a change', () => {
  const of = (template: string, Region: string) =>
    new UrlTemplate(template, hash).urlFor({ event: { ...aChange(1), data: { Region } } });

  test('is filled in, in the path and the query, and keeps its case', () => {
    expect(
      of('https://h/{{ table }}/{{data.Region}}?op={{ operation }}&r={{ data.Region }}', 'EU/West & "Ö"'),
    ).toBe('https://h/T/EU%2FWest%20%26%20%22%C3%96%22?op=insert&r=EU%2FWest%20%26%20%22%C3%96%22');
  });

  test('is the configured one for every change, when it holds no parts', () => {
    const template = new UrlTemplate('https://h/a?key=1', hash);
    expect([template.fixed, template.probe, template.urlFor({ event: aChange(1) })]).toEqual(
      Array.from({ length: 3 }, () => 'https://h/a?key=1'),
    );
    expect(new UrlTemplate('https://h:444/{{ table }}', hash).probe).toBe('https://h:444/');
  });

  test.each(['.', '..'])('has something else for "%s", which would lead to another path', (value) => {
    expect(of('https://h/a/{{ data.Region }}/b', value)).toMatch(/^https:\/\/h\/a\/_-[0-9a-f]{16}\/b$/);
  });

  test('is bounded in its length, and tells long values apart', () => {
    const [a, b] = ['a', 'b'].map((end) => of('https://h/{{ data.Region }}', 'ö'.repeat(5_000) + end));
    expect(a).not.toBe(b);
    expect(a?.length).toBeLessThan(2_000);
  });

  test('never leads to another host or into another segment, whatever the value', () => {
    const template = new UrlTemplate('https://h/a/{{ data.Region }}/b?q={{ data.Region }}', hash);
    const text = fc.string({
      unit: fc.constantFrom('/', '\\', '.', '%', '2', 'e', '?', '#', '@', ':', '\n', 'é', '\ud800'),
    });
    fc.assert(
      fc.property(
        text.filter((value) => value !== ''),
        (Region) => {
          const change = { event: { ...aChange(1), data: { Region } } };
          const url = new URL(template.urlFor(change));
          expect([url.origin, url.hash, url.pathname.split('/').length]).toEqual(['https://h', '', 4]);
          const value = url.searchParams.get('q');
          expect(/^\.{1,2}$/.test(Region) || value === Region.toWellFormed()).toBe(true);
        },
      ),
    );
  });

  test('may be chosen by a transform: a path, or a URL of the same host', () => {
    const template = new UrlTemplate('https://h/a', hash);
    const chosen = (destination: string) => template.urlFor({ event: aChange(1), destination });
    expect(chosen('/b/c?d=1')).toBe('https://h/b/c?d=1');
    expect(chosen('https://h/b')).toBe('https://h/b');
    for (const wrong of [
      'https://g/b',
      'http://h/b',
      '//g/b',
      'https://u:p@h/b',
      '/b#c',
      'https://',
      'javascript:1',
    ])
      expect(() => chosen(wrong)).toThrow(expect.objectContaining({ code: 'Rejected' }));
  });

  test('is for a plan what the table says, and as it is shown', () => {
    const table = { server: 's', database: 'd', schema: 'dbo', table: 'Order Details' };
    const planned = (template: string) => new UrlTemplate(template, hash).plannedFor(table);
    expect(planned('https://h/{{ table }}/{{ data.Region }}?code=hunter2hunter2')).toBe(
      'https://h/Order%20Details/{{ data.Region }}',
    );
  });
});

describe('a URL that is shown', () => {
  test.each([
    ['https://h:8/changes?code=secret', 'https://h:8/changes'],
    [
      'https://hooks.example/services/T01234567/B0123/Zq8wXs1kLmN4pQ7rTt',
      'https://hooks.example/services/T01234567/B0123/…',
    ],
    ['https://h/v1/abcdefghijklmnopqrstuvwxyz', 'https://h/v1/…'],
    ['https://h/', 'https://h/'],
    ['https://h', 'https://h'],
  ])('%s is %s', (url, shown) => expect(new UrlTemplate(url, hash).shown(url)).toBe(shown));

  test('of any host hides what may be a token, of a template only what is the same for all', () => {
    expect(shownUrl('https://h/a/SalesOrders2026x?y')).toBe('https://h/a/…');
    expect(new UrlTemplate('https://h/a/{{ table }}?y', hash).shown('https://h/a/SalesOrders2026x?y')).toBe(
      'https://h/a/SalesOrders2026x',
    );
  });

  test('hides what is a secret of the configuration, too', () => {
    const secrets = urlTemplate.secretsOf?.(
      given('https://h/hook/Zq8wXs1kLmN4pQ7rTt?code=hunter2%2Fhunter2&v=1'),
    );
    expect(secrets).toEqual(
      expect.arrayContaining(['Zq8wXs1kLmN4pQ7rTt', 'hunter2/hunter2', 'hunter2%2Fhunter2']),
    );
    expect(secrets).not.toContain('1');
  });
});

describe('the url in a configuration file', () => {
  const read = (value: string) => urlTemplate.read(given(value));

  test.each(['https://h/x', 'http://127.0.0.1:8080', 'https://h/{{ table }}?a={{ data.X }}'])(
    '%s is one',
    (url) => expect(read(url)).toEqual({ value: url }),
  );

  test.each([
    ['h/x', 'the value is not a URL'],
    ['ftp://h/x', 'the URL is neither http nor https'],
    ['https://{{ data.Host }}/x', 'the host of the URL holds a template'],
    ['https://h:{{ data.Port }}/x', 'the value is not a URL'],
    ['https://user:hunter2@h/x', 'the URL holds a user or password'],
    ['https://h/x#y', 'the URL has a fragment (#), which is never sent'],
  ])('%s is none: %s', (url, wrong) => {
    expect(read(url)).toMatchObject({ faults: [{ wrong }] });
    expect(JSON.stringify(read(url))).not.toContain('hunter2');
  });
});

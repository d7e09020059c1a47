/** The value of a key `url`. */
import { faulty, sound, textOf, type Result, type ValueType } from '@dstream/config/schema';
import { secretPartsOf } from './shown-url.ts';

const right = 'write https://HOST/PATH';

/** What is wrong with a URL that requests are sent to; undefined for nothing. It may hold a key, so none is repeated. */
export function urlFault(url: URL | undefined): Result<never> | undefined {
  if (url === undefined) return faulty('the value is not a URL', right);
  if (!/^https?:$/.test(url.protocol)) return faulty('the URL is neither http nor https', right);
  if (url.username !== '' || url.password !== '')
    return faulty(
      'the URL holds a user or password',
      'write headers = { Authorization = "{{ env "NAME" }}" }',
    );
  return url.hash === '' ? undefined : faulty('the URL has a fragment (#), which is never sent', 'remove it');
}

/** A URL without templates. */
export const httpUrl: ValueType<string> = {
  expected: 'http or https URL',
  blank: 'http://localhost/',
  read: (given) => {
    const text = textOf(given);
    if (text === undefined) return faulty('the value is not a URL', 'write it in double quotes');
    return urlFault(URL.parse(text) ?? undefined) ?? sound(text);
  },
  secretsOf: ({ value }) => (typeof value === 'string' ? secretPartsOf(value) : []),
};

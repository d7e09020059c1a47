import {
  conceal,
  defineTransform,
  duration,
  optional,
  required,
  sizeInBytes,
  withDefault,
} from '@dstream/config/schema';
import {
  batchKeys,
  defaultLastingStatuses,
  headersKey,
  httpUrl,
  lastingStatuses,
  shownUrl,
} from '@dstream/http-client/schema';

/** `transform { type = "http" }`. */
export const httpType = defineTransform({
  type: 'http',
  doc: 'A web service that is given changes and answers with what becomes of them.',
  keys: {
    url: required(httpUrl, 'Where changes are sent, by POST. Its query is shown nowhere.'),
    headers: headersKey(),
    timeout: withDefault(
      duration({ min: '100ms', max: '10m' }),
      '10s',
      'Longest time until the whole answer has arrived. Then the request is sent again.',
    ),
    ...batchKeys,
    max_response_bytes: withDefault(
      sizeInBytes({ min: 1024, max: 67_108_864 }),
      1_048_576,
      'Size of an answer, at most. A longer one is a failure of the request.',
    ),
    lasting_statuses: optional(
      lastingStatuses,
      defaultLastingStatuses.join(', '),
      'Statuses that speak of a change: the transform has failed on it.',
    ),
  },
  settings: ({ values }) =>
    conceal(
      {
        url: values.url,
        headers: values.headers ?? {},
        timeoutMs: values.timeout,
        limits: {
          maxChanges: values.max_batch_changes,
          maxBytes: values.max_batch_bytes,
          maxAnswerBytes: values.max_response_bytes,
        },
        lastingStatuses: values.lasting_statuses ?? defaultLastingStatuses,
      },
      'url',
      'headers',
    ),
  hides: () => true,
  async *checks({ url, headers, timeoutMs }, { clock }, o) {
    const { checkEndpoint } = await import('@dstream/http-client/check');
    yield* checkEndpoint({ url, shown: shownUrl(url), headers, signed: false, clock, timeoutMs }, o);
  },
  open: async (settings, services) => {
    const { openHttpTransform } = await import('./open-http-transform.ts');
    return openHttpTransform({ ...settings, ...services });
  },
});

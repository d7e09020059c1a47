/** For definitions: types of values, and how URLs are shown. Loads no client library. */
export { httpUrl, urlFault } from './http-url.ts';
export { defaultLastingStatuses, lastingStatuses } from './lasting-statuses.ts';
export { batchKeys, headersKey } from './request-keys.ts';
export { hidingSecrets, secretPartsOf, shownUrl, tokensOf } from './shown-url.ts';

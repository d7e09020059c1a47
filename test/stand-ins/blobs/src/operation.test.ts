import { describe, expect, test } from 'vitest';
import { describeRequest } from './operation.ts';

const blob = '/devstoreaccount1/locks/db1/shop/dbo.Gr%C3%B6%C3%9Fe%252E.lock';

describe('a request', () => {
  test.each([
    ['PUT', '/devstoreaccount1/locks?restype=container', {}, 'create-container'],
    ['GET', '/devstoreaccount1/locks?restype=container&comp=list&prefix=a', {}, 'list-blobs'],
    ['GET', '/devstoreaccount1/locks?restype=container', {}, 'other'],
    ['PUT', blob, {}, 'put-blob'],
    ['GET', blob, {}, 'get-blob'],
    ['HEAD', blob, {}, 'get-properties'],
    ['DELETE', blob, {}, 'delete-blob'],
    ['PUT', `${blob}?comp=metadata`, {}, 'set-metadata'],
    ['PUT', `${blob}?comp=lease`, { 'x-ms-lease-action': 'acquire' }, 'acquire-lease'],
    ['PUT', `${blob}?comp=lease`, { 'x-ms-lease-action': 'renew' }, 'renew-lease'],
    ['PUT', `${blob}?comp=lease`, { 'x-ms-lease-action': 'odd' }, 'other'],
    ['PUT', `${blob}?comp=block`, {}, 'other'],
  ])('%s %s %j is %s', (method, url, headers, operation) => {
    expect(describeRequest({ method, url, headers }).operation).toBe(operation);
  });

  test('is about a container and a blob, by their own names', () => {
    expect(describeRequest({ method: 'PUT', url: blob, headers: {} }).path).toBe(
      'locks/db1/shop/dbo.Größe%2E.lock',
    );
  });
});

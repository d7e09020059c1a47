/** What dependencies write into messages, and what of it must not be seen. */
const key = 'kQ3v+Zk1/9aX0pLmN5rT7uW2yB4cD6eF8gH1iJ3kL5M=';
const account = `${'Ab1+/z'.repeat(14)}Ab==`;
const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkc3RyZWFtIn0.c2lnbmF0dXJlLXBhcnQ';

export const secretsCorpus: readonly (readonly [
  where: string,
  text: string,
  ...secrets: readonly string[],
])[] = [
  [
    'a broker string',
    `cannot parse Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=r;SharedAccessKey=${key};EntityPath=t`,
    key,
  ],
  ['a broker string, spaced and lower', `sharedaccesskey = short-key-1 ; EntityPath=t`, 'short-key-1'],
  [
    'a storage string',
    `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${account};EndpointSuffix=core.windows.net`,
    account,
  ],
  ['a SQL string', `Server=db;User Id=sa;Password=Hunter2!;Database=shop`, 'Hunter2!'],
  ['a short name', 'Pwd=Hunter2!', 'Hunter2!'],
  ['a quoted password with a semicolon', `Password="Hun;ter;2";Database=shop`, 'Hun', 'ter', '2";'],
  ['a doubled quote', `Password="Hun""ter;2";Database=shop`, 'Hun', 'ter;2'],
  ['single quotes', `Password='Hun;t"er2';Database=shop`, 'Hun', 'er2'],
  ['braces', `Driver={ODBC};PWD={Hun;t}}er2};Database=shop`, 'Hun', 'er2'],
  [
    'a string within JSON',
    JSON.stringify({ cause: `Server=db;Password="Hun;ter2";Database=shop` }),
    'Hun',
    'ter2',
  ],
  [
    'a backslash within JSON',
    JSON.stringify({ cause: String.raw`Password=Hun\ter\\2;Database=shop` }),
    'Hun',
    'ter',
  ],
  ['JSON', JSON.stringify({ password: 'Hun"t;er2', user: 'sa' }), 'Hun', 'er2'],
  [
    'JSON with other names',
    JSON.stringify({ sharedAccessKey: 'Hun', clientSecret: 'ter2', access_token: 'abc' }),
    'Hun',
    'ter2',
    'abc',
  ],
  [
    'JSON within JSON',
    JSON.stringify({ body: JSON.stringify({ password: 'Hun"ter2', user: 'sa' }) }),
    'Hun',
    'ter2',
  ],
  ['the inspector', `{ user: 'sa', password: 'Hun;ter2' }`, 'Hun', 'ter2'],
  ['a URL', 'connect sqlserver://sa:Hunter2@db:1433?database=shop failed', 'Hunter2'],
  [
    'a URL whose password has an at sign and a slash',
    'amqps://r:Hun@te/r2:x@n.servicebus.windows.net/t',
    'Hun',
    'te/r2',
  ],
  ['a URL, encoded', 'sqlserver://sa:Hun%40ter%2F2@db:1433', 'Hun%40', 'ter%2F2'],
  ['a parameter of a URL', 'sqlserver://db:1433?user=sa&password=Hunter2&database=shop', 'Hunter2'],
  [
    'a SAS address',
    `GET https://a.blob.core.windows.net/locks/x?sv=2024-11-04&sr=c&sig=aB%2Fc%2B9%3D&se=2027-01-01 403`,
    'aB%2Fc%2B9%3D',
  ],
  ['a SAS at the end', 'https://a.blob.core.windows.net/c?sp=r&sig=aB/c+9=', 'aB/c+9='],
  [
    'a SAS token of a broker',
    `SharedAccessSignature sr=sb%3A%2F%2Fn%2Ft&sig=aB%2Fc9%3D&se=1795166130&skn=r`,
    'aB%2Fc9',
  ],
  [
    'a SAS token as a keyword',
    `Endpoint=sb://n/;SharedAccessSignature=SharedAccessSignature sr=sb%3A%2F%2Fn&sig=aB%2Fc9%3D&se=1;EntityPath=t`,
    'aB%2Fc9',
  ],
  ['a header', `authorization: Bearer ${token}`, token, 'c2lnbmF0'],
  ['a header as JSON', JSON.stringify({ headers: { Authorization: `Bearer ${token}` } }), token],
  ['basic authentication', 'Authorization: Basic c2E6SHVudGVyMg==', 'c2E6SHVudGVyMg'],
  ['a shared key', `Authorization: SharedKey account:${key}`, key],
  ['a token alone', `token ${token} expired`, token],
  ['keys alone', `wrong: ${key}, ${account}`, key, account],
  [
    'percent-encoded',
    `string=Endpoint%3Dsb%3A%2F%2Fn%2F%3BSharedAccessKey%3DHunter2%2B9%3D%3BEntityPath%3Dt`,
    'Hunter2',
  ],
];

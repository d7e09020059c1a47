/** Connection strings of storage ("Configure Azure Storage connection strings"), by the rules of the client library. */
import {
  connectionString,
  readParts,
  type PartRules,
  type Parts,
  type Refusal,
} from '@dstream/config/schema';

const form =
  'it looks like DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net';

const services = ['Blob', 'Queue', 'Table', 'File', 'Dfs', 'Web'];

const rules: PartRules = {
  form,
  known: [
    'DefaultEndpointsProtocol',
    'AccountName',
    'AccountKey',
    'EndpointSuffix',
    'SharedAccessSignature',
    'UseDevelopmentStorage',
    'DevelopmentStorageProxyUri',
    ...services.flatMap((service) => [`${service}Endpoint`, `${service}SecondaryEndpoint`]),
  ],
};

/** The value of the key `connection_string`. */
export const blobConnectionString = connectionString('a storage connection string', form, refuse);

function refuse(text: string): Refusal | undefined {
  const read = readParts(text, rules);
  if ('refusal' in read) return read.refusal;
  const { parts } = read;
  if (parts.has('UseDevelopmentStorage')) return refuseDevelopment(text);
  const endpoint = parts.get('BlobEndpoint');
  if (endpoint !== undefined && !/^https?:\/\/[^\s?#]+$/.test(endpoint))
    return ['the BlobEndpoint of the connection string is not an address', 'write https://HOST'];
  if (parts.has('SharedAccessSignature') && !parts.has('AccountKey')) return refuseSignature(parts);
  return refuseAccount(parts);
}

/** The client library looks only at the start of the text. */
function refuseDevelopment(text: string): Refusal | undefined {
  return text.startsWith('UseDevelopmentStorage=true')
    ? undefined
    : ['UseDevelopmentStorage must be true and come first', 'write UseDevelopmentStorage=true'];
}

function refuseSignature(parts: Parts): Refusal | undefined {
  if (!parts.has('BlobEndpoint'))
    return [
      'the connection string has a SharedAccessSignature but no BlobEndpoint=',
      'add BlobEndpoint=https://…',
    ];
  return parts.get('SharedAccessSignature') === ''
    ? ['the SharedAccessSignature of the connection string is empty', form]
    : undefined;
}

function refuseAccount(parts: Parts): Refusal | undefined {
  const missing = ['AccountName', 'AccountKey', 'DefaultEndpointsProtocol'].find((name) => !parts.get(name));
  if (missing !== undefined) return [`the connection string has no ${missing}=`, form];
  if (!/^[A-Za-z0-9+/_-]{2,}={0,2}$/.test(parts.get('AccountKey') ?? ''))
    return [
      'the AccountKey of the connection string is not base64',
      'copy it again, including the "=" at its end',
    ];
  if (parts.has('BlobEndpoint')) return undefined;
  if (!/^https?$/i.test(parts.get('DefaultEndpointsProtocol') ?? ''))
    return ['invalid DefaultEndpointsProtocol in the connection string', 'write https'];
  return parts.get('EndpointSuffix')
    ? undefined
    : [
        'the connection string has neither EndpointSuffix= nor BlobEndpoint=',
        'add EndpointSuffix=core.windows.net',
      ];
}

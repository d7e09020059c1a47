/** The variables that the configuration files of `config/` name, as a process is started with them. */
export type StandInsEnv = Readonly<
  Record<
    | 'DSTREAM_DB_CONNECTION_STRING'
    | 'DSTREAM_INGEST_CONNECTION_STRING'
    | 'DSTREAM_PUBLISHER_CONNECTION_STRING'
    | 'DSTREAM_EVENT_HUBS_CONNECTION_STRING'
    | 'DSTREAM_BLOB_CONNECTION_STRING',
    string
  >
>;

/** The login that the SQL Server stand-in knows. Not a secret: the server is on the loopback address and empty. */
export const sqlLogin = { user: 'sa', password: 'DStream-stand-in-1', database: 'shop' } as const;

export interface Endpoints {
  readonly sqlPort: number;
  readonly serviceBus: string;
  readonly eventHubs: string;
  readonly blobs: string;
}

export function standInsEnv({ sqlPort, serviceBus, eventHubs, blobs }: Endpoints): StandInsEnv {
  const { user, password, database } = sqlLogin;
  return {
    DSTREAM_DB_CONNECTION_STRING: `Server=127.0.0.1,${sqlPort};Database=${database};User Id=${user};Password=${password};Encrypt=true;TrustServerCertificate=true`,
    DSTREAM_INGEST_CONNECTION_STRING: serviceBus,
    DSTREAM_PUBLISHER_CONNECTION_STRING: serviceBus,
    DSTREAM_EVENT_HUBS_CONNECTION_STRING: eventHubs,
    DSTREAM_BLOB_CONNECTION_STRING: blobs,
  };
}

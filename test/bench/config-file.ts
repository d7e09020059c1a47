/** The configuration of our side: everything as it is by default but names, intervals and output. */
export interface ConfigChoice {
  /** Part of the name of every lease: another name begins from the start. */
  readonly name: string;
  readonly tables: readonly string[];
  readonly topic: string;
  /** Where a table without a checkpoint begins; `earliest` when not given. */
  readonly start?: 'earliest' | 'latest';
  /** `table` when not given. */
  readonly ordering?: 'table' | 'key';
  /** `200ms` when not given. */
  readonly pollInterval?: string;
  readonly subscription?: string;
  /** What stands between the braces of `output`. */
  readonly output?: string;
  /** What else is in `processor`: whole blocks. */
  readonly blocks?: string;
}

export function configText(choice: ConfigChoice): string {
  const {
    name,
    tables,
    topic,
    start = 'earliest',
    ordering = 'table',
    pollInterval = '200ms',
    subscription = 'dstream',
    output = 'type = "console"',
    blocks = '',
  } = choice;
  return `
ingester {
  db_type              = "sqlserver"
  db_connection_string = "{{ env \\"DSTREAM_DB_CONNECTION_STRING\\" }}"
  name                 = "${name}"
  start                = "${start}"
  ordering             = "${ordering}"
  poll_interval_defaults {
    poll_interval     = "${pollInterval}"
    max_poll_interval = "${pollInterval}"
  }
  topic {
    name              = "${topic}"
    connection_string = "{{ env \\"DSTREAM_INGEST_CONNECTION_STRING\\" }}"
  }
  locks {
    type              = "azure_blob"
    connection_string = "{{ env \\"DSTREAM_BLOB_CONNECTION_STRING\\" }}"
    container_name    = "locks"
  }
  tables = ${JSON.stringify(tables)}
}
processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env \\"DSTREAM_PUBLISHER_CONNECTION_STRING\\" }}"
    topic             = "${topic}"
    subscription      = "${subscription}"
  }
  output {
    ${output}
  }
  ${blocks}
}
service {
  http = "127.0.0.1:0"
}
`;
}

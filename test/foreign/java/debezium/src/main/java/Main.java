import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;

/**
 * Streams the changes of a database with Debezium and writes each as one line of JSON, in the order in which Debezium
 * hands them out. Ends after the change that holds FOREIGN_LAST. test/foreign/debezium-client.ts compares.
 */
public final class Main {
  public static void main(String[] args) throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    Throwable[] failure = new Throwable[1];
    String last = System.getenv("FOREIGN_LAST");
    DebeziumEngine<ChangeEvent<String, String>> engine =
        DebeziumEngine.create(Json.class)
            .using(properties())
            .using((success, message, error) -> {
              if (!success) failure[0] = error == null ? new IllegalStateException(message) : error;
              ended.countDown();
            })
            .notifying(event -> {
              if (event.value() == null) return;
              System.out.println(ascii(event.value()));
              if (event.value().contains(last)) ended.countDown();
            })
            .build();
    Thread thread = new Thread(engine, "debezium");
    thread.start();
    ended.await();
    engine.close();
    thread.join();
    if (failure[0] != null) throw new IllegalStateException("Debezium failed", failure[0]);
  }

  /** Other characters are escaped: some of them end a line for whoever reads it. */
  private static String ascii(String json) {
    StringBuilder escaped = new StringBuilder();
    for (char each : json.toCharArray())
      if (each < 128) escaped.append(each);
      else escaped.append(String.format("\\u%04x", (int) each));
    return escaped.toString();
  }

  private static Properties properties() {
    Properties properties = new Properties();
    String[][] pairs = {
      {"name", "foreign"},
      {"connector.class", "io.debezium.connector.sqlserver.SqlServerConnector"},
      {"topic.prefix", "foreign"},
      {"database.hostname", "127.0.0.1"},
      {"database.port", System.getenv("FOREIGN_SQL_PORT")},
      {"database.user", System.getenv("FOREIGN_SQL_USER")},
      {"database.password", System.getenv("FOREIGN_SQL_PASSWORD")},
      {"database.names", System.getenv("FOREIGN_SQL_DATABASE")},
      {"driver.encrypt", "false"},
      {"driver.trustServerCertificate", "true"},
      {"data.query.mode", System.getenv("FOREIGN_QUERY_MODE")},
      {"poll.interval.ms", "100"},
      {"snapshot.mode", "no_data"},
      {"tombstones.on.delete", "false"},
      {"include.schema.changes", "false"},
      {"schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory"},
      {"offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore"},
      {"offset.flush.interval.ms", "1000"},
      {"converter.schemas.enable", "false"},
      {"decimal.handling.mode", "string"},
      {"binary.handling.mode", "base64"},
      {"time.precision.mode", "isostring"},
    };
    for (String[] pair : pairs) properties.setProperty(pair[0], pair[1]);
    return properties;
  }
}

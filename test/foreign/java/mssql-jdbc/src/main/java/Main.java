import java.sql.Connection;

/** About 220 small checks with Microsoft's JDBC driver, in the database that the environment names. */
public final class Main {
  public static void main(String[] args) throws Exception {
    String user = System.getenv("FOREIGN_SQL_USER");
    String password = System.getenv("FOREIGN_SQL_PASSWORD");
    String url = "jdbc:sqlserver://127.0.0.1:" + System.getenv("FOREIGN_SQL_PORT");
    Checks checks = new Checks(url, user, password);
    ConnectionChecks.run(checks, password);
    try (Connection connection = checks.connect()) {
      TypeChecks.run(checks, connection);
      MetadataChecks.run(checks, connection);
      WriteChecks.run(checks, connection);
      TransactionChecks.run(checks, connection);
    }
  }
}

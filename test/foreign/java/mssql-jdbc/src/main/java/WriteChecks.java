import java.io.StringReader;
import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;

/** Update counts, generated keys, batches, parameters, large values. */
final class WriteChecks {
  static void run(Checks checks, Connection connection) throws Exception {
    Checks.update(connection, "CREATE TABLE dbo.Items (Id int IDENTITY(10, 5) PRIMARY KEY, Name nvarchar(50) NOT NULL,"
        + " Size int NULL, Text nvarchar(max) NULL, Bytes varbinary(max) NULL)");
    counts(checks, connection);
    severalCounts(checks, connection);
    results(checks, connection);
    batches(checks, connection);
    prepared(checks, connection);
    procedures(checks, connection);
    large(checks, connection);
  }

  private static void counts(Checks checks, Connection connection) {
    count(checks, connection, 3, "INSERT dbo.Items (Name, Size) VALUES ('a', 1), ('b', 2), ('c', 3)");
    count(checks, connection, 2, "UPDATE dbo.Items SET Size += 10 WHERE Size > 1");
    count(checks, connection, 0, "UPDATE dbo.Items SET Size = 0 WHERE Id < 0");
    count(checks, connection, 1, "DELETE dbo.Items WHERE Name = 'c'");
    count(checks, connection, 2, "MERGE dbo.Items AS t USING (VALUES ('a', 7), ('z', 8)) AS s (Name, Size) ON t.Name = s.Name"
        + " WHEN MATCHED THEN UPDATE SET Size = s.Size WHEN NOT MATCHED THEN INSERT (Name, Size) VALUES (s.Name, s.Size);");
    count(checks, connection, 3, "SELECT Id, Name INTO #copy FROM dbo.Items");
    count(checks, connection, 0, "CREATE TABLE #made (n int)");
    count(checks, connection, 0, "CREATE INDEX IX_Made ON #made (n)");
    count(checks, connection, 0, "DROP TABLE #made");
    checks.check("large update count", () -> {
      try (Statement statement = connection.createStatement()) {
        Checks.equal(1L, statement.executeLargeUpdate("UPDATE dbo.Items SET Size = 1 WHERE Name = 'a'"));
      }
    });
  }

  private static void count(Checks checks, Connection connection, int expected, String sql) {
    String name = sql.length() > 60 ? sql.substring(0, 60) + "…" : sql;
    checks.check("update count " + expected + " of " + name, () -> Checks.equal(expected, Checks.update(connection, sql)));
  }

  private static void severalCounts(Checks checks, Connection connection) {
    checks.check("update counts of several statements", () -> {
      try (Statement statement = connection.createStatement()) {
        Checks.equal(false, statement.execute("UPDATE dbo.Items SET Size = 5 WHERE Name = 'a';"
            + " DELETE dbo.Items WHERE Id < 0; INSERT dbo.Items (Name) VALUES ('d'), ('e')"));
        for (int expected : new int[] {1, 0, 2, -1}) {
          Checks.equal(expected, statement.getUpdateCount());
          Checks.equal(false, statement.getMoreResults());
        }
      }
    });
    checks.check("no count under SET NOCOUNT ON", () -> {
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET NOCOUNT ON; UPDATE dbo.Items SET Size = 5 WHERE Name = 'a'; SET NOCOUNT OFF");
        Checks.equal(-1, statement.getUpdateCount());
      }
    });
    checks.check("a result between two counts", () -> {
      try (Statement statement = connection.createStatement()) {
        statement.execute("UPDATE dbo.Items SET Size = 1 WHERE Name = 'a'; SELECT 7 AS n; DELETE dbo.Items WHERE Id < 0");
        Checks.equal(1, statement.getUpdateCount());
        Checks.equal(true, statement.getMoreResults());
        Checks.equal(List.of(Checks.row("7")), Checks.rows(statement.getResultSet()));
        Checks.equal(false, statement.getMoreResults());
        Checks.equal(0, statement.getUpdateCount());
      }
    });
  }

  private static void results(Checks checks, Connection connection) {
    checks.check("@@ROWCOUNT after a write", () ->
        Checks.equal("1", Checks.value(connection,
            "SET NOCOUNT ON; UPDATE dbo.Items SET Size = 6 WHERE Name = 'a'; SELECT @@ROWCOUNT; SET NOCOUNT OFF")));
    checks.check("generated keys", () -> {
      String sql = "INSERT dbo.Items (Name) VALUES (?)";
      try (PreparedStatement insert = connection.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
        insert.setString(1, "keyed");
        Checks.equal(1, insert.executeUpdate());
        try (ResultSet keys = insert.getGeneratedKeys()) {
          Checks.holds(keys.next() && keys.getInt(1) % 5 == 0, "a key of the sequence");
        }
      }
    });
    checks.check("rows of OUTPUT", () ->
        Checks.equal(List.of(Checks.row("keyed", "written")), Checks.query(connection,
            "UPDATE dbo.Items SET Name = 'written' OUTPUT deleted.Name, inserted.Name WHERE Name = 'keyed'")));
    checks.check("a message is a warning", () -> {
      try (Statement statement = connection.createStatement()) {
        statement.execute("PRINT 'hello'");
        Checks.equal("hello", statement.getWarnings().getMessage());
      }
    });
    checks.check("rows at most", () -> {
      try (Statement statement = connection.createStatement()) {
        statement.setMaxRows(2);
        Checks.equal(2, Checks.rows(statement.executeQuery("SELECT Id FROM dbo.Items")).size());
        statement.setMaxRows(0);
        Checks.holds(Checks.rows(statement.executeQuery("SELECT Id FROM dbo.Items")).size() > 2, "all rows again");
      }
    });
  }

  private static void batches(Checks checks, Connection connection) {
    checks.check("batch of texts", () -> {
      try (Statement statement = connection.createStatement()) {
        statement.addBatch("INSERT dbo.Items (Name) VALUES ('s1'), ('s2')");
        statement.addBatch("UPDATE dbo.Items SET Size = 1 WHERE Name LIKE 's_'");
        statement.addBatch("DELETE dbo.Items WHERE Name = 's1'");
        Checks.equal(new int[] {2, 2, 1}, statement.executeBatch());
      }
    });
    checks.check("batch of parameters", () -> {
      try (PreparedStatement statement = connection.prepareStatement("INSERT dbo.Items (Name, Size) VALUES (?, ?)")) {
        for (int i = 0; i < 100; i++) {
          statement.setString(1, "b" + i);
          statement.setInt(2, i);
          statement.addBatch();
        }
        int[] ones = new int[100];
        Arrays.fill(ones, 1);
        Checks.equal(ones, statement.executeBatch());
      }
      Checks.equal("4950", Checks.value(connection, "SELECT SUM(Size) FROM dbo.Items WHERE Name LIKE 'b[0-9]%'"));
    });
    checks.check("batch with a failure goes on and says where", () -> {
      try (PreparedStatement statement = connection.prepareStatement("INSERT dbo.Items (Name) VALUES (?)")) {
        for (String name : new String[] {"f1", null, "f3"}) {
          statement.setString(1, name);
          statement.addBatch();
        }
        BatchUpdateException failure = (BatchUpdateException) Checks.failing(statement::executeBatch);
        Checks.equal(515, failure.getErrorCode());
        Checks.equal(1, failure.getUpdateCounts()[0]);
        Checks.equal(Statement.EXECUTE_FAILED, failure.getUpdateCounts()[1]);
      }
    });
  }

  private static void prepared(Checks checks, Connection connection) {
    checks.check("a statement is prepared once and executed often", () -> {
      try (PreparedStatement statement = connection.prepareStatement("SELECT ? + 1")) {
        for (int i = 0; i < 5; i++) {
          statement.setInt(1, i);
          Checks.equal(List.of(Checks.row("" + (i + 1))), Checks.rows(statement.executeQuery()));
        }
      }
    });
    checks.check("a parameter changes its type", () -> {
      try (PreparedStatement statement = connection.prepareStatement("SELECT CAST(? AS nvarchar(40))")) {
        statement.setInt(1, 7);
        Checks.equal(List.of(Checks.row("7")), Checks.rows(statement.executeQuery()));
        statement.setString(1, "sieben");
        Checks.equal(List.of(Checks.row("sieben")), Checks.rows(statement.executeQuery()));
      }
    });
  }

  private static void procedures(Checks checks, Connection connection) {
    checks.check("sp_executesql with an output parameter", () -> {
      try (CallableStatement call = connection.prepareCall("{call sp_executesql(?, ?, ?)}")) {
        call.setNString(1, "SET @n = 41 + 1");
        call.setNString(2, "@n int OUTPUT");
        call.registerOutParameter(3, Types.INTEGER);
        call.execute();
        Checks.equal(42, call.getInt(3));
      }
    });
    checks.check("a procedure by its name", () -> {
      try (CallableStatement call = connection.prepareCall("{call sp_pkeys(?)}")) {
        call.setString(1, "Items");
        Checks.equal(List.of(Checks.row("Id")), Checks.rows(call.executeQuery(), "COLUMN_NAME"));
      }
    });
    checks.check("a procedure returns its status", () -> {
      try (CallableStatement call = connection.prepareCall("{? = call sys.sp_cdc_enable_db}")) {
        call.registerOutParameter(1, Types.INTEGER);
        call.execute();
        Checks.equal(0, call.getInt(1));
      }
    });
    checks.check("the jobs of change data capture", () -> {
      try (CallableStatement call = connection.prepareCall("{call sys.sp_cdc_help_jobs}")) {
        Checks.equal(List.of(Checks.row("capture", "5"), Checks.row("cleanup", "0")),
            Checks.rows(call.executeQuery(), "job_type", "pollinginterval"));
      }
    });
    checks.check("a function of a database that is named", () ->
        Checks.equal(Checks.value(connection, "SELECT sys.fn_cdc_get_max_lsn()"),
            Checks.value(connection, "SELECT [shop].sys.fn_cdc_get_max_lsn()")));
  }

  private static void large(Checks checks, Connection connection) {
    String text = "0123456789äß€日本".repeat(200_000);
    byte[] bytes = new byte[5_000_000];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (i * 31);
    checks.check("3 million characters there and back", () -> {
      try (PreparedStatement insert = connection.prepareStatement("INSERT dbo.Items (Name, Text) VALUES ('large', ?)")) {
        insert.setString(1, text);
        Checks.equal(1, insert.executeUpdate());
      }
      Checks.holds(text.equals(Checks.value(connection, "SELECT Text FROM dbo.Items WHERE Name = 'large'")), "the same text");
    });
    checks.check("characters from a stream", () -> {
      try (PreparedStatement insert = connection.prepareStatement("INSERT dbo.Items (Name, Text) VALUES ('stream', ?)")) {
        insert.setCharacterStream(1, new StringReader(text));
        Checks.equal(1, insert.executeUpdate());
      }
      Checks.equal("" + text.length(), Checks.value(connection, "SELECT LEN(Text) FROM dbo.Items WHERE Name = 'stream'"));
    });
    checks.check("5 million bytes there and back", () -> {
      try (PreparedStatement insert = connection.prepareStatement("INSERT dbo.Items (Name, Bytes) VALUES ('bytes', ?)");
          Statement select = connection.createStatement()) {
        insert.setBytes(1, bytes);
        Checks.equal(1, insert.executeUpdate());
        try (ResultSet result = select.executeQuery("SELECT Bytes FROM dbo.Items WHERE Name = 'bytes'")) {
          result.next();
          Checks.holds(Arrays.equals(bytes, result.getBytes(1)), "the same bytes");
        }
      }
    });
    checks.check("20,000 rows are streamed", () -> {
      String hundred = "(SELECT TOP 100 Id FROM dbo.Items)";
      try (Statement statement = connection.createStatement();
          ResultSet result = statement.executeQuery("SELECT a.Id FROM " + hundred + " a CROSS JOIN " + hundred
              + " b CROSS JOIN (VALUES (1), (2)) c (n)")) {
        int count = 0;
        while (result.next()) count++;
        Checks.equal(20_000, count);
      }
    });
  }
}

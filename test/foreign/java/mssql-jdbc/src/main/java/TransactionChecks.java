import com.microsoft.sqlserver.jdbc.SQLServerException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Transactions, errors and cancelling. */
final class TransactionChecks {
  private static final int SNAPSHOT = 4096;
  private static final String WAIT = "WAITFOR DELAY '00:00:20'";

  static void run(Checks checks, Connection connection) throws Exception {
    Checks.update(connection, "CREATE TABLE dbo.Accounts (Id int PRIMARY KEY, Amount int NOT NULL CHECK (Amount >= 0))");
    Checks.update(connection, "INSERT dbo.Accounts VALUES (1, 100), (2, 100)");
    transactions(checks, connection);
    failures(checks, connection);
    errors(checks, connection);
    moreErrors(checks, connection);
    cancelling(checks, connection);
  }

  private static void set(Connection connection, int amount) throws SQLException {
    Checks.update(connection, "UPDATE dbo.Accounts SET Amount = " + amount + " WHERE Id = 1");
  }

  private static String amount(Connection connection) throws SQLException {
    return Checks.value(connection, "SELECT Amount FROM dbo.Accounts WHERE Id = 1");
  }

  private static void within(Connection connection, Checks.Body body, String amountAfter) throws Exception {
    connection.setAutoCommit(false);
    try {
      body.run();
    } finally {
      connection.setAutoCommit(true);
    }
    Checks.equal(amountAfter, amount(connection));
  }

  private static void transactions(Checks checks, Connection connection) {
    checks.check("a commit stays", () -> within(connection, () -> {
      set(connection, 90);
      connection.commit();
    }, "90"));
    checks.check("a rollback leaves nothing", () -> within(connection, () -> {
      set(connection, 80);
      connection.rollback();
    }, "90"));
    checks.check("a savepoint takes back what came after it", () -> within(connection, () -> {
      set(connection, 70);
      Savepoint savepoint = connection.setSavepoint("half");
      set(connection, 60);
      connection.rollback(savepoint);
      connection.commit();
    }, "70"));
    checks.check("autocommit off and on again commits", () -> within(connection, () -> set(connection, 65), "65"));
    checks.check("another connection does not see what is open", () -> {
      try (Connection other = checks.connect()) {
        within(connection, () -> {
          set(connection, 1);
          Checks.equal("65", amount(other));
          connection.rollback();
        }, "65");
      }
    });
    checks.check("a transaction within a text", () -> {
      Checks.update(connection, "BEGIN TRAN; UPDATE dbo.Accounts SET Amount = 2 WHERE Id = 1; ROLLBACK");
      Checks.equal("0", Checks.value(connection, "SELECT @@TRANCOUNT"));
      Checks.equal("65", amount(connection));
    });
    for (int level : new int[] {Connection.TRANSACTION_READ_UNCOMMITTED, Connection.TRANSACTION_READ_COMMITTED,
        Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE, SNAPSHOT})
      checks.check("isolation level " + level, () -> {
        connection.setTransactionIsolation(level);
        within(connection, () -> Checks.equal("65", amount(connection)), "65");
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      });
  }

  private static void failures(Checks checks, Connection connection) {
    String wrong = "UPDATE dbo.Accounts SET Amount = -1 WHERE Id = 2";
    checks.check("a failed statement leaves the transaction", () -> within(connection, () -> {
      set(connection, 50);
      Checks.fails(547, () -> Checks.update(connection, wrong));
      connection.commit();
    }, "50"));
    checks.check("XACT_ABORT takes the transaction back", () -> within(connection, () -> {
      Checks.update(connection, "SET XACT_ABORT ON");
      set(connection, 40);
      Checks.fails(547, () -> Checks.update(connection, wrong));
      Checks.update(connection, "SET XACT_ABORT OFF");
      connection.rollback();
    }, "50"));
  }

  private static void errors(Checks checks, Connection connection) {
    error(checks, connection, "a table that is not there", 208, "S0002", "SELECT * FROM dbo.Nothing");
    error(checks, connection, "a column that is not there", 207, "S0001", "SELECT Nothing FROM dbo.Accounts");
    error(checks, connection, "wrong syntax", 102, "S0001", "SELECT 1 1");
    error(checks, connection, "a duplicate key", 2627, "23000", "INSERT dbo.Accounts VALUES (1, 1)");
    error(checks, connection, "NULL in place of a value", 515, "23000", "INSERT dbo.Accounts VALUES (9, NULL)");
    error(checks, connection, "a check constraint", 547, "23000", "INSERT dbo.Accounts VALUES (9, -9)");
    error(checks, connection, "a division by zero", 8134, "S0001", "SELECT 1 / 0");
    error(checks, connection, "a conversion", 245, "S0001", "SELECT CAST('x' AS int)");
    error(checks, connection, "an overflow", 8115, "S0002", "SELECT CAST(2147483647 AS int) + 1");
    error(checks, connection, "text that is too long", 2628, "S0001", "DECLARE @t TABLE (c char(1)); INSERT @t VALUES ('xx')");
    error(checks, connection, "THROW", 50123, "S0001", "THROW 50123, 'thrown', 1");
    error(checks, connection, "RAISERROR", 50000, "S0001", "RAISERROR('raised', 16, 1)");
  }

  private static void error(Checks checks, Connection connection, String name, int number, String state, String sql) {
    checks.check("error for " + name, () -> {
      SQLException failure = Checks.failing(() -> exhaust(connection, sql));
      Checks.equal(List.of(number, state), List.of(failure.getErrorCode(), failure.getSQLState()));
    });
  }

  private static void exhaust(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean isResult = statement.execute(sql);
      while (isResult || statement.getUpdateCount() >= 0) {
        if (isResult) Checks.rows(statement.getResultSet());
        isResult = statement.getMoreResults();
      }
    }
  }

  private static void moreErrors(Checks checks, Connection connection) {
    checks.check("text, state and line of an error", () -> {
      SQLServerException failure = (SQLServerException)
          Checks.failing(() -> Checks.update(connection, "SET NOCOUNT OFF\nRAISERROR('second line', 16, 42)"));
      Checks.equal("second line", failure.getMessage());
      Checks.equal("S0042", failure.getSQLState());
      Checks.equal(2L, failure.getSQLServerError().getLineNumber());
    });
    checks.check("an error behind a result", () -> {
      try (Statement statement = connection.createStatement()) {
        Checks.equal(true, statement.execute("SELECT 1; THROW 50001, 'late', 1"));
        Checks.fails(50001, statement::getMoreResults);
      }
    });
    checks.check("a parameter in place of a table is refused", () -> {
      try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM ?")) {
        statement.setString(1, "dbo.Accounts");
        Checks.holds(Checks.failing(statement::executeQuery).getErrorCode() > 0, "an error of the server");
      }
    });
    checks.check("the connection lives after all of them", () -> Checks.equal("1", Checks.value(connection, "SELECT 1")));
  }

  private static void cancelling(Checks checks, Connection connection) {
    checks.check("a statement is cancelled by another thread", () -> {
      long begun = System.nanoTime();
      try (Statement statement = connection.createStatement()) {
        CompletableFuture<Void> cancelled = CompletableFuture.runAsync(
            () -> cancel(statement), CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));
        Checks.failing(() -> statement.execute(WAIT));
        cancelled.get();
      }
      Checks.holds(System.nanoTime() - begun < 10_000_000_000L, "it ended at once");
      Checks.equal("1", Checks.value(connection, "SELECT 1"));
    });
    checks.check("a query timeout ends a statement", () -> {
      try (Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(1);
        SQLException failure = Checks.failing(() -> statement.execute(WAIT));
        Checks.holds(failure instanceof SQLTimeoutException, "a timeout, not " + failure);
      }
      Checks.equal("1", Checks.value(connection, "SELECT 1"));
    });
    checks.check("a result is closed before its end", () -> {
      try (Statement statement = connection.createStatement()) {
        statement.executeQuery("SELECT a.Id FROM dbo.Items a CROSS JOIN dbo.Items b CROSS JOIN dbo.Items c").next();
      }
      Checks.equal("1", Checks.value(connection, "SELECT 1"));
    });
    checks.check("LOCK_TIMEOUT ends a wait for a lock", () -> {
      try (Connection other = checks.connect()) {
        connection.setAutoCommit(false);
        set(connection, 3);
        Checks.update(other, "SET LOCK_TIMEOUT 100");
        Checks.fails(1222, () -> set(other, 4));
      } finally {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    });
  }

  private static void cancel(Statement statement) {
    try {
      statement.cancel();
    } catch (SQLException failure) {
      throw new IllegalStateException(failure);
    }
  }
}

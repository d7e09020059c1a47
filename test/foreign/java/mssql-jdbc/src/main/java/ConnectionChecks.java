import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

/** Encryption, logins and databases. */
final class ConnectionChecks {
  private static final String LARGE = "SELECT REPLICATE(CAST('x' AS varchar(max)), 100000)";

  static void run(Checks checks, String password) {
    encryption(checks);
    logins(checks, password);
    options(checks);
  }

  private static void encryption(Checks checks) {
    String large = "x".repeat(100_000);
    for (String encrypt : new String[] {"true", "false", "mandatory", "optional"})
      checks.check("encrypt=" + encrypt, () -> {
        try (Connection connection = checks.connect(";trustServerCertificate=true;encrypt=" + encrypt)) {
          Checks.equal(large, Checks.value(connection, LARGE));
          Checks.equal(1, Checks.update(connection, "CREATE TABLE #t (n int); INSERT #t VALUES (1)") + 1);
        }
      });
    checks.check("encrypt=false trusts any certificate", () ->
        checks.connect(";encrypt=false;trustServerCertificate=false").close());
    checks.check("encrypt=true refuses a certificate that it does not know", () -> {
      SQLException failure =
          Checks.failing(() -> checks.connect(";encrypt=true;trustServerCertificate=false").close());
      Checks.holds(failure.getMessage().contains("PKIX"), failure.getMessage());
    });
    for (int bytes : new int[] {512, 8000, 32767})
      checks.check("packetSize=" + bytes + " with the login encrypted", () -> {
        try (Connection connection = checks.connect(";encrypt=false;packetSize=" + bytes)) {
          Checks.equal(large, Checks.value(connection, LARGE));
        }
      });
  }

  private static void logins(Checks checks, String password) {
    for (String encrypt : new String[] {"true", "false"}) {
      String options = ";trustServerCertificate=true;encrypt=" + encrypt;
      checks.check("a wrong password is 18456, encrypt=" + encrypt, () ->
          Checks.fails(18456, () -> checks.connectAs("wrong", ";databaseName=shop" + options).close()));
      checks.check("an unknown database is 4060, encrypt=" + encrypt, () ->
          Checks.fails(4060, () -> checks.connectAs(password, ";databaseName=nothing" + options).close()));
    }
    checks.check("a login with long names", () -> {
      String name = "n".repeat(128);
      try (Connection connection =
          checks.connect(";encrypt=false;applicationName=" + name + ";workstationID=" + name)) {
        Checks.equal(name, Checks.value(connection, "SELECT APP_NAME()"));
      }
    });
    checks.check("without a database it is master", () -> {
      try (Connection connection = checks.connectAs(password, ";encrypt=false")) {
        Checks.equal("master", connection.getCatalog());
      }
    });
    checks.check("another database is used", () -> {
      try (Connection connection = checks.connect(";encrypt=false")) {
        Checks.update(connection, "CREATE DATABASE other");
        connection.setCatalog("other");
        Checks.equal("other", Checks.value(connection, "SELECT DB_NAME()"));
        connection.setCatalog("shop");
        Checks.update(connection, "DROP DATABASE other");
      }
    });
  }

  private static void options(Checks checks) {
    checks.check("sendStringParametersAsUnicode=false", () -> {
      try (Connection connection = checks.connect(";encrypt=false;sendStringParametersAsUnicode=false");
          PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
        statement.setString(1, "äß€");
        Checks.equal(List.of(Checks.row("äß€")), Checks.rows(statement.executeQuery()));
      }
    });
    checks.check("prepareMethod=prepare", () -> {
      try (Connection connection = checks.connect(";encrypt=false;prepareMethod=prepare");
          PreparedStatement statement = connection.prepareStatement("SELECT ? * 2")) {
        for (int i = 1; i < 4; i++) {
          statement.setInt(1, i);
          Checks.equal(List.of(Checks.row("" + 2 * i)), Checks.rows(statement.executeQuery()));
        }
      }
    });
    checks.check("selectMethod=cursor is refused with a reason", () -> {
      try (Connection connection = checks.connect(";encrypt=false;selectMethod=cursor")) {
        SQLException failure = Checks.failing(() -> Checks.query(connection, "SELECT 1"));
        Checks.holds(failure.getMessage().contains("cursors"), "cursors are named");
      }
    });
  }
}

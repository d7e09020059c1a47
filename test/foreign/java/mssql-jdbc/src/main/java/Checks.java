import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Runs checks one by one and writes a line for each, as test/foreign/program.ts reads them. */
final class Checks {
  interface Body {
    void run() throws Exception;
  }

  private final String url;
  private final String user;
  private final String password;

  Checks(String url, String user, String password) {
    this.url = url;
    this.user = user;
    this.password = password;
  }

  Connection connect() throws SQLException {
    return connect(";encrypt=true;trustServerCertificate=true");
  }

  /** `options`: more of the driver's properties, as `;name=value`. */
  Connection connect(String options) throws SQLException {
    return connectAs(password, ";databaseName=shop" + options);
  }

  Connection connectAs(String secret, String options) throws SQLException {
    return DriverManager.getConnection(url + options, user, secret);
  }

  void check(String name, Body body) {
    try {
      body.run();
      System.out.println("ok " + name);
    } catch (Exception | AssertionError failure) {
      String why = String.valueOf(failure.getMessage()).replaceAll("\\s+", " ");
      System.out.println("not ok " + name + ": " + failure.getClass().getSimpleName() + " " + why);
    }
  }

  static void equal(Object expected, Object seen) {
    if (!Objects.deepEquals(expected, seen))
      throw new AssertionError("expected " + shown(expected) + ", got " + shown(seen));
  }

  static void holds(boolean condition, String what) {
    if (!condition) throw new AssertionError(what + " does not hold");
  }

  /** Runs something that must fail with an error of the driver or the server, and gives it. */
  static SQLException failing(Body body) throws Exception {
    try {
      body.run();
    } catch (SQLException error) {
      return error;
    }
    throw new AssertionError("nothing failed");
  }

  static void fails(int number, Body body) throws Exception {
    equal(number, failing(body).getErrorCode());
  }

  /** Every value of a result as text, NULL as null. */
  static List<List<String>> rows(ResultSet result) throws SQLException {
    String[] columns = new String[result.getMetaData().getColumnCount()];
    List<List<String>> rows = new ArrayList<>();
    while (result.next()) {
      List<String> row = new ArrayList<>();
      for (int i = 1; i <= columns.length; i++) row.add(result.getString(i));
      rows.add(row);
    }
    return rows;
  }

  /** Some columns of a result, by name. */
  static List<List<String>> rows(ResultSet result, String... columns) throws SQLException {
    List<List<String>> rows = new ArrayList<>();
    while (result.next()) {
      List<String> row = new ArrayList<>();
      for (String column : columns) row.add(result.getString(column));
      rows.add(row);
    }
    return rows;
  }

  static List<List<String>> query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      return rows(result);
    }
  }

  static String value(Connection connection, String sql) throws SQLException {
    return query(connection, sql).get(0).get(0);
  }

  static int update(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }

  static List<String> row(String... values) {
    return Arrays.asList(values);
  }

  private static String shown(Object value) {
    if (value instanceof byte[] bytes) return Arrays.toString(bytes);
    return value instanceof int[] numbers ? Arrays.toString(numbers) : String.valueOf(value);
  }
}

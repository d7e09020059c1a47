import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.HexFormat;
import java.util.List;
import microsoft.sql.DateTimeOffset;

/** Every type: read from a literal, sent as a parameter and read back, NULL, and what metadata says of it. */
final class TypeChecks {
  /** `javaType`: of java.sql.Types, as the column's metadata names it. */
  private record Sample(String type, String literal, Object value, int javaType) {}

  private static final List<Sample> SAMPLES =
      List.of(
          new Sample("bit", "1", true, Types.BIT),
          new Sample("tinyint", "255", (short) 255, Types.TINYINT),
          new Sample("smallint", "-32768", (short) -32768, Types.SMALLINT),
          new Sample("int", "-2147483648", Integer.MIN_VALUE, Types.INTEGER),
          new Sample("bigint", "9223372036854775807", Long.MAX_VALUE, Types.BIGINT),
          new Sample("decimal(38, 10)", "-1234567890123456789012345678.0123456789",
              new BigDecimal("-1234567890123456789012345678.0123456789"), Types.DECIMAL),
          new Sample("numeric(5, 2)", "-999.99", new BigDecimal("-999.99"), Types.NUMERIC),
          new Sample("money", "922337203685477.5807", new BigDecimal("922337203685477.5807"), Types.DECIMAL),
          new Sample("smallmoney", "-214748.3648", new BigDecimal("-214748.3648"), Types.DECIMAL),
          new Sample("real", "1.5E10", 1.5E10f, Types.REAL),
          new Sample("float", "-2.2250738585072014E-308", -2.2250738585072014E-308, Types.DOUBLE),
          new Sample("char(5)", "'ab'", "ab   ", Types.CHAR),
          new Sample("varchar(20)", "'äß€'", "äß€", Types.VARCHAR),
          new Sample("varchar(max)", "'long'", "long", Types.VARCHAR),
          new Sample("nchar(4)", "N'日本'", "日本  ", Types.NCHAR),
          new Sample("nvarchar(20)", "N'日本 😀'", "日本 😀", Types.NVARCHAR),
          new Sample("nvarchar(max)", "N'日本'", "日本", Types.NVARCHAR),
          new Sample("text", "'text'", "text", Types.LONGVARCHAR),
          new Sample("ntext", "N'日本'", "日本", Types.LONGNVARCHAR),
          new Sample("binary(4)", "0x0102", bytes("01020000"), Types.BINARY),
          new Sample("varbinary(8)", "0x00FF", bytes("00FF"), Types.VARBINARY),
          new Sample("varbinary(max)", "0xCAFE", bytes("CAFE"), Types.VARBINARY),
          new Sample("image", "0xBABE", bytes("BABE"), Types.LONGVARBINARY),
          new Sample("date", "'9999-12-31'", Date.valueOf("9999-12-31"), Types.DATE),
          new Sample("datetime", "'2024-02-29 23:59:59.997'",
              Timestamp.valueOf("2024-02-29 23:59:59.997"), Types.TIMESTAMP),
          new Sample("smalldatetime", "'2024-02-29 12:34'",
              Timestamp.valueOf("2024-02-29 12:34:00"), Types.TIMESTAMP),
          new Sample("datetime2(7)", "'0001-01-01 00:00:00.1234567'",
              Timestamp.valueOf(LocalDateTime.of(1, 1, 1, 0, 0, 0, 123456700)), Types.TIMESTAMP),
          new Sample("datetime2(0)", "'2024-01-02 03:04:05'",
              Timestamp.valueOf("2024-01-02 03:04:05"), Types.TIMESTAMP),
          new Sample("time(0)", "'23:59:59'", Time.valueOf("23:59:59"), Types.TIME),
          new Sample("datetimeoffset(7)", "'2024-06-01 12:00:00.1234567 +02:00'",
              DateTimeOffset.valueOf(Timestamp.from(Instant.parse("2024-06-01T10:00:00.1234567Z")), 120),
              microsoft.sql.Types.DATETIMEOFFSET),
          new Sample("uniqueidentifier", "'6F9619FF-8B86-D011-B42D-00C04FC964FF'",
              "6F9619FF-8B86-D011-B42D-00C04FC964FF", Types.CHAR),
          new Sample("xml", "N'<a>日本</a>'", "<a>日本</a>", Types.LONGNVARCHAR),
          new Sample("sql_variant", "CAST(7 AS bigint)", 7L, microsoft.sql.Types.SQL_VARIANT));

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  static void run(Checks checks, Connection connection) {
    for (Sample sample : SAMPLES) {
      checks.check("type " + sample.type + " is read", () -> read(connection, sample));
      checks.check("type " + sample.type + " is a parameter and comes back", () -> roundTrip(connection, sample));
      checks.check("type " + sample.type + " is known by its metadata", () -> described(connection, sample));
    }
  }

  private static void read(Connection connection, Sample sample) throws Exception {
    String sql = "SELECT CAST(" + sample.literal + " AS " + sample.type + "), CAST(NULL AS " + sample.type + ")";
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      equalValue(sample.value, result.getObject(1));
      Checks.equal(null, result.getObject(2));
    }
  }

  private static void roundTrip(Connection connection, Sample sample) throws Exception {
    Checks.update(connection, "CREATE TABLE #sample (id int IDENTITY PRIMARY KEY, v " + sample.type + " NULL)");
    try (PreparedStatement insert = connection.prepareStatement("INSERT #sample (v) VALUES (?)");
        PreparedStatement select = connection.prepareStatement("SELECT v FROM #sample WHERE id = ?")) {
      insert.setObject(1, sample.value);
      Checks.equal(1, insert.executeUpdate());
      insert.setNull(1, sample.value instanceof byte[] ? Types.VARBINARY : Types.NVARCHAR);
      Checks.equal(1, insert.executeUpdate());
      equalValue(sample.value, stored(select, 1));
      Checks.equal(null, stored(select, 2));
    } finally {
      Checks.update(connection, "DROP TABLE #sample");
    }
  }

  private static Object stored(PreparedStatement select, int id) throws Exception {
    select.setInt(1, id);
    try (ResultSet result = select.executeQuery()) {
      result.next();
      return result.getObject(1);
    }
  }

  private static void described(Connection connection, Sample sample) throws Exception {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SELECT CAST(NULL AS " + sample.type + ") AS v")) {
      Checks.equal("v", result.getMetaData().getColumnName(1));
      Checks.equal(sample.javaType, result.getMetaData().getColumnType(1));
      Checks.equal(sample.type.replaceFirst("[(].*", ""), result.getMetaData().getColumnTypeName(1));
    }
  }

  private static void equalValue(Object expected, Object seen) {
    if (expected instanceof BigDecimal number && seen instanceof BigDecimal other)
      Checks.equal(0, number.compareTo(other));
    else if (expected instanceof Time && seen instanceof Time) Checks.equal(expected.toString(), seen.toString());
    else Checks.equal(expected, seen);
  }
}

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;
import java.util.Set;

/** What tools ask before they show a database: catalogue procedures and views. */
final class MetadataChecks {
  private static final String[] SETUP = {
    "CREATE SCHEMA sales",
    "CREATE TABLE sales.Customers (Id int IDENTITY(1,1) NOT NULL CONSTRAINT PK_Customers PRIMARY KEY,"
        + " Code char(3) NOT NULL CONSTRAINT UQ_Code UNIQUE, Name nvarchar(40) NULL, Version rowversion)",
    "CREATE TABLE sales.Orders (Region int NOT NULL, Number int NOT NULL, CustomerId int NULL"
        + " CONSTRAINT FK_Orders_Customers REFERENCES sales.Customers (Id) ON DELETE CASCADE,"
        + " Total decimal(12,3) NULL, Placed datetime2(3) NULL, Note varchar(max) NULL,"
        + " Doubled AS (Total + Total), CONSTRAINT PK_Orders PRIMARY KEY (Region, Number))",
    "CREATE INDEX IX_Placed ON sales.Orders (Placed)"
  };

  static void run(Checks checks, Connection connection) throws Exception {
    for (String sql : SETUP) Checks.update(connection, sql);
    DatabaseMetaData metadata = connection.getMetaData();
    product(checks, connection, metadata);
    tables(checks, metadata);
    columns(checks, metadata);
    keys(checks, metadata);
    indexes(checks, metadata);
    views(checks, connection);
    insertExec(checks, connection);
    statements(checks, connection);
    refused(checks, connection);
  }

  private static void product(Checks checks, Connection connection, DatabaseMetaData metadata) {
    checks.check("product name", () -> Checks.equal("Microsoft SQL Server", metadata.getDatabaseProductName()));
    checks.check("major version", () -> Checks.equal(16, metadata.getDatabaseMajorVersion()));
    checks.check("user name", () -> Checks.equal("sa", metadata.getUserName()));
    checks.check("catalogs", () ->
        Checks.holds(Checks.rows(metadata.getCatalogs()).contains(List.of("shop")), "shop is listed"));
    checks.check("schemas", () ->
        Checks.holds(Checks.rows(metadata.getSchemas(), "TABLE_SCHEM").contains(List.of("sales")), "sales is listed"));
    checks.check("table types", () ->
        Checks.equal(
            Set.of(List.of("SYSTEM TABLE"), List.of("TABLE"), List.of("VIEW")),
            Set.copyOf(Checks.rows(metadata.getTableTypes()))));
    checks.check("the connection is valid", () -> Checks.holds(connection.isValid(5), "isValid"));
    checks.check("the connection names its catalog", () -> Checks.equal("shop", connection.getCatalog()));
    checks.check("the connection names its schema", () -> Checks.equal("dbo", connection.getSchema()));
  }

  private static void tables(Checks checks, DatabaseMetaData metadata) {
    String[] shown = {"TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE"};
    checks.check("tables of a schema", () ->
        Checks.equal(
            List.of(Checks.row("shop", "sales", "Customers", "TABLE"), Checks.row("shop", "sales", "Orders", "TABLE")),
            Checks.rows(metadata.getTables("shop", "sales", "%", null), shown)));
    checks.check("tables by a pattern", () ->
        Checks.equal(List.of(Checks.row("Customers")),
            Checks.rows(metadata.getTables(null, "sales", "Cust%", null), "TABLE_NAME")));
    checks.check("tables by their type", () ->
        Checks.equal(2, Checks.rows(metadata.getTables(null, "sales", null, new String[] {"TABLE"})).size()));
    checks.check("views, of which there are none", () ->
        Checks.equal(List.of(), Checks.rows(metadata.getTables(null, "sales", "%", new String[] {"VIEW"}))));
    checks.check("tables of a schema that is not there", () ->
        Checks.equal(List.of(), Checks.rows(metadata.getTables(null, "nobody", "%", null))));
  }

  private static void columns(Checks checks, DatabaseMetaData metadata) {
    String[] shown = {"COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "NULLABLE"};
    checks.check("columns with types and sizes", () ->
        Checks.equal(
            List.of(
                Checks.row("Region", "" + Types.INTEGER, "int", "10", "0", "0"),
                Checks.row("Number", "" + Types.INTEGER, "int", "10", "0", "0"),
                Checks.row("CustomerId", "" + Types.INTEGER, "int", "10", "0", "1"),
                Checks.row("Total", "" + Types.DECIMAL, "decimal", "12", "3", "1"),
                Checks.row("Placed", "" + Types.TIMESTAMP, "datetime2", "23", "3", "1"),
                Checks.row("Note", "" + Types.VARCHAR, "varchar", "2147483647", null, "1"),
                Checks.row("Doubled", "" + Types.DECIMAL, "decimal", "13", "3", "1")),
            Checks.rows(metadata.getColumns("shop", "sales", "Orders", "%"), shown)));
    column(checks, metadata, "columns that count themselves", "Customers", "Id",
        List.of("TYPE_NAME", "IS_AUTOINCREMENT"), Checks.row("int identity", "YES"));
    column(checks, metadata, "columns that are computed", "Orders", "Doub%",
        List.of("COLUMN_NAME", "IS_GENERATEDCOLUMN"), Checks.row("Doubled", "YES"));
    column(checks, metadata, "columns of characters say their bytes", "Customers", "Name",
        List.of("COLUMN_SIZE", "CHAR_OCTET_LENGTH"), Checks.row("40", "80"));
    checks.check("columns in their order", () ->
        Checks.equal(List.of(Checks.row("1"), Checks.row("2"), Checks.row("3"), Checks.row("4")),
            Checks.rows(metadata.getColumns(null, "sales", "Customers", null), "ORDINAL_POSITION")));
  }

  private static void column(
      Checks checks, DatabaseMetaData metadata, String name, String table, String column, List<String> shown, List<String> expected) {
    checks.check(name, () ->
        Checks.equal(List.of(expected),
            Checks.rows(metadata.getColumns(null, "sales", table, column), shown.toArray(String[]::new))));
  }

  private static void keys(Checks checks, DatabaseMetaData metadata) {
    checks.check("primary key", () ->
        Checks.equal(
            Set.of(Checks.row("Region", "1", "PK_Orders"), Checks.row("Number", "2", "PK_Orders")),
            Set.copyOf(Checks.rows(metadata.getPrimaryKeys(null, "sales", "Orders"), "COLUMN_NAME", "KEY_SEQ", "PK_NAME"))));
    String[] shown = {"PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_NAME", "FKCOLUMN_NAME", "KEY_SEQ", "UPDATE_RULE",
      "DELETE_RULE", "FK_NAME", "PK_NAME"};
    List<List<String>> key = List.of(Checks.row("Customers", "Id", "Orders", "CustomerId", "1",
        "" + DatabaseMetaData.importedKeyNoAction, "" + DatabaseMetaData.importedKeyCascade, "FK_Orders_Customers", "PK_Customers"));
    checks.check("imported keys", () ->
        Checks.equal(key, Checks.rows(metadata.getImportedKeys(null, "sales", "Orders"), shown)));
    checks.check("exported keys", () ->
        Checks.equal(key, Checks.rows(metadata.getExportedKeys(null, "sales", "Customers"), shown)));
    checks.check("cross reference", () ->
        Checks.equal(key, Checks.rows(metadata.getCrossReference(null, "sales", "Customers", null, "sales", "Orders"), shown)));
    checks.check("keys of a table that is not there", () ->
        Checks.equal(List.of(), Checks.rows(metadata.getPrimaryKeys(null, "sales", "Nothing"))));
    checks.check("what names a row best", () ->
        Checks.equal(List.of(Checks.row("Id")), Checks.rows(
            metadata.getBestRowIdentifier(null, "sales", "Customers", DatabaseMetaData.bestRowSession, false), "COLUMN_NAME")));
    checks.check("what every update changes", () ->
        Checks.equal(List.of(Checks.row("Version")),
            Checks.rows(metadata.getVersionColumns(null, "sales", "Customers"), "COLUMN_NAME")));
  }

  private static void indexes(Checks checks, DatabaseMetaData metadata) {
    checks.check("indexes", () ->
        Checks.equal(
            List.of(Checks.row("PK_Orders", "0", "Region"), Checks.row("PK_Orders", "0", "Number"), Checks.row("IX_Placed", "1", "Placed")),
            named(metadata.getIndexInfo(null, "sales", "Orders", false, true))));
    checks.check("unique indexes", () ->
        Checks.equal(
            List.of(Checks.row("PK_Orders", "0", "Region"), Checks.row("PK_Orders", "0", "Number")),
            named(metadata.getIndexInfo(null, "sales", "Orders", true, true))));
  }

  /** Without the line about the table itself. */
  private static List<List<String>> named(ResultSet indexes) throws Exception {
    return Checks.rows(indexes, "INDEX_NAME", "NON_UNIQUE", "COLUMN_NAME").stream()
        .filter(row -> row.get(0) != null)
        .toList();
  }

  private static void views(Checks checks, Connection connection) {
    checks.check("INFORMATION_SCHEMA.KEY_COLUMN_USAGE", () ->
        Checks.equal(
            List.of(Checks.row("PK_Orders", "Region", "1"), Checks.row("PK_Orders", "Number", "2")),
            Checks.query(connection, "SELECT CONSTRAINT_NAME, COLUMN_NAME, ORDINAL_POSITION FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE"
                + " WHERE TABLE_SCHEMA = 'sales' AND CONSTRAINT_NAME = 'PK_Orders' ORDER BY ORDINAL_POSITION")));
    checks.check("INFORMATION_SCHEMA.TABLE_CONSTRAINTS", () ->
        Checks.equal(
            List.of(Checks.row("FK_Orders_Customers", "FOREIGN KEY"), Checks.row("PK_Orders", "PRIMARY KEY")),
            Checks.query(connection, "SELECT CONSTRAINT_NAME, CONSTRAINT_TYPE FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS"
                + " WHERE TABLE_NAME = 'Orders' ORDER BY CONSTRAINT_NAME")));
    checks.check("INFORMATION_SCHEMA.COLUMNS", () ->
        Checks.equal(List.of(Checks.row("decimal", "12", "3")),
            Checks.query(connection, "SELECT DATA_TYPE, NUMERIC_PRECISION, NUMERIC_SCALE FROM INFORMATION_SCHEMA.COLUMNS"
                + " WHERE TABLE_NAME = 'Orders' AND COLUMN_NAME = 'Total'")));
    checks.check("EXEC with named arguments", () ->
        Checks.equal(2, Checks.query(connection, "EXEC sp_pkeys @table_name = 'Orders', @table_owner = 'sales'").size()));
  }

  private static void insertExec(Checks checks, Connection connection) {
    checks.check("INSERT … EXEC of a procedure", () -> {
      Checks.update(connection, "CREATE TABLE #keys (q sysname, o sysname, t sysname, c sysname, s smallint, k sysname)");
      Checks.equal(2, Checks.update(connection, "INSERT INTO #keys EXEC sp_pkeys 'Orders', 'sales'"));
      Checks.equal(List.of(Checks.row("Number")), Checks.query(connection, "SELECT c FROM #keys WHERE s = 2"));
    });
    checks.check("INSERT … EXEC of a text", () -> {
      Checks.update(connection, "CREATE TABLE #numbers (n int)");
      Checks.equal(3, Checks.update(connection, "INSERT INTO #numbers EXEC ('SELECT 1; SELECT 2 UNION ALL SELECT 3')"));
    });
    checks.check("INSERT … EXEC of another width is refused", () ->
        Checks.fails(213, () -> Checks.update(connection, "INSERT INTO #numbers EXEC ('SELECT 1, 2')")));
  }

  private static void statements(Checks checks, Connection connection) {
    checks.check("a result describes its columns", () -> {
      try (Statement statement = connection.createStatement();
          ResultSet result = statement.executeQuery("SELECT Id, Code, Name FROM sales.Customers")) {
        ResultSetMetaData described = result.getMetaData();
        Checks.equal(3, described.getColumnCount());
        Checks.equal(true, described.isAutoIncrement(1));
        Checks.equal(ResultSetMetaData.columnNoNulls, described.isNullable(2));
        Checks.equal(40, described.getPrecision(3));
      }
    });
    parameters(checks, connection, "INSERT INTO sales.Orders (Region, Total, Note) VALUES (?, ?, ?)",
        Types.INTEGER, Types.DECIMAL, Types.VARCHAR);
    parameters(checks, connection, "SELECT * FROM sales.Customers WHERE Name = ? AND Id > ?",
        Types.NVARCHAR, Types.INTEGER);
    parameters(checks, connection, "UPDATE sales.Orders SET Placed = ? WHERE Region = ?",
        Types.TIMESTAMP, Types.INTEGER);
    parameters(checks, connection, "DELETE FROM sales.Customers WHERE Code = ?", Types.CHAR);
  }

  private static void parameters(Checks checks, Connection connection, String sql, int... types) {
    checks.check("parameter types of " + sql, () -> {
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        ParameterMetaData described = statement.getParameterMetaData();
        Checks.equal(types.length, described.getParameterCount());
        for (int i = 0; i < types.length; i++) Checks.equal(types[i], described.getParameterType(i + 1));
      }
    });
  }

  private static void refused(Checks checks, Connection connection) {
    refused(checks, connection, 2812, "an unknown procedure", "EXEC sp_nothing_of_that_name 1");
    refused(checks, connection, 15250, "the catalogue of another database",
        "EXEC sp_columns @table_name = 'Orders', @table_qualifier = 'master'");
    refused(checks, connection, 15252, "keys of no table", "EXEC sp_fkeys");
    refused(checks, connection, 201, "a parameter that is missing", "EXEC sp_pkeys");
    refused(checks, connection, 8144, "an argument too many", "EXEC sp_pkeys 'a', 'b', 'shop', 'd'");
  }

  private static void refused(Checks checks, Connection connection, int number, String what, String sql) {
    checks.check(what + " is " + number, () -> Checks.fails(number, () -> Checks.query(connection, sql)));
  }
}

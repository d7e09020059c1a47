"""pymssql (FreeTDS): logging in, types, parameters, transactions, errors, change data capture."""

import datetime
import decimal
import os
import uuid

import pymssql
from checks import check, equal, raises


def connect(**options):
    return pymssql.connect(
        server="127.0.0.1",
        port=os.environ["FOREIGN_SQL_PORT"],
        user=os.environ["FOREIGN_SQL_USER"],
        **{
            "password": os.environ["FOREIGN_SQL_PASSWORD"],
            "database": os.environ["FOREIGN_SQL_DATABASE"],
            "tds_version": "7.4",
            "login_timeout": 10,
            **options,
        },
    )


SAMPLES = [
    ("bit", "1", True),
    ("tinyint", "255", 255),
    ("smallint", "-32768", -32768),
    ("int", "-2147483648", -2147483648),
    ("bigint", "9223372036854775807", 9223372036854775807),
    ("decimal(38, 10)", "-1234567890123456789012345678.0123456789",
     decimal.Decimal("-1234567890123456789012345678.0123456789")),
    ("money", "922337203685477.5807", decimal.Decimal("922337203685477.5807")),
    ("smallmoney", "-214748.3648", decimal.Decimal("-214748.3648")),
    ("real", "1.5E9", 1.5e9),
    ("float", "-2.2250738585072014E-308", -2.2250738585072014e-308),
    ("char(5)", "'ab'", "ab   "),
    ("varchar(20)", "'äß€'", "äß€"),
    ("nvarchar(20)", "N'日本 😀'", "日本 😀"),
    ("nvarchar(max)", "N'日本'", "日本"),
    ("text", "'text'", "text"),
    ("ntext", "N'日本'", "日本"),
    ("varbinary(8)", "0x00FF", b"\x00\xff"),
    ("varbinary(max)", "0xCAFE", b"\xca\xfe"),
    ("image", "0xBABE", b"\xba\xbe"),
    ("date", "'9999-12-31'", datetime.date(9999, 12, 31)),
    ("datetime", "'2024-02-29 23:59:59.997'", datetime.datetime(2024, 2, 29, 23, 59, 59, 997000)),
    ("smalldatetime", "'2024-02-29 12:34'", datetime.datetime(2024, 2, 29, 12, 34)),
    ("datetime2(3)", "'2024-01-02 03:04:05.123'", datetime.datetime(2024, 1, 2, 3, 4, 5, 123000)),
    ("time(6)", "'23:59:59.123456'", datetime.time(23, 59, 59, 123456)),
    ("uniqueidentifier", "'6F9619FF-8B86-D011-B42D-00C04FC964FF'",
     uuid.UUID("6F9619FF-8B86-D011-B42D-00C04FC964FF")),
]


def query(connection, sql, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def value(connection, sql, parameters=()):
    return query(connection, sql, parameters)[0][0]


def execute(connection, sql, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount


def logins():
    def encrypted(mode):
        with connect(encryption=mode) as connection:
            equal(len(value(connection, "SELECT REPLICATE(CAST('x' AS varchar(max)), 100000)")), 100000)

    for mode in ("off", "request", "require"):
        check(f"encryption={mode}", lambda mode=mode: encrypted(mode))
    for mode in ("request", "require"):
        check(f"a wrong password is refused, encryption={mode}", lambda mode=mode: raises(
            pymssql.OperationalError, lambda: connect(password="wrong", encryption=mode), "18456"))
    check("an unknown database is refused", lambda: raises(
        pymssql.OperationalError, lambda: connect(database="nothing"), "18456"))
    for version in ("7.2", "7.3", "7.4"):
        def spoken(version=version):
            with connect(tds_version=version) as connection:
                equal(value(connection, "SELECT 41 + 1"), 42)

        check(f"TDS {version}", spoken)


def types(connection):
    for declared, literal, expected in SAMPLES:
        check(f"type {declared} is read", lambda d=declared, l=literal, e=expected: equal(
            query(connection, f"SELECT CAST({l} AS {d}), CAST(NULL AS {d})"), [(e, None)]))
        check(f"type {declared} is a parameter and comes back",
              lambda d=declared, e=expected: round_trip(connection, d, e))


def round_trip(connection, declared, expected):
    execute(connection, f"CREATE TABLE #sample (v {declared} NULL)")
    try:
        execute(connection, "INSERT #sample VALUES (%s)", (expected,))
        equal(query(connection, "SELECT v FROM #sample"), [(expected,)])
    finally:
        execute(connection, "DROP TABLE #sample")


def writes(connection):
    execute(connection, "CREATE TABLE Items (Id int PRIMARY KEY, Name nvarchar(50) NULL, Text nvarchar(max) NULL)")
    connection.commit()
    check("row count of INSERT", lambda: equal(execute(connection, "INSERT Items (Id) VALUES (1), (2), (3)"), 3))
    check("row count of UPDATE", lambda: equal(execute(connection, "UPDATE Items SET Name = 'a' WHERE Id > 1"), 2))
    check("row count of DELETE", lambda: equal(execute(connection, "DELETE Items WHERE Id = 3"), 1))

    def many():
        with connection.cursor() as cursor:
            cursor.executemany("INSERT Items (Id, Name) VALUES (%d, %s)", [(n, f"row {n}") for n in range(10, 60)])
        equal(value(connection, "SELECT COUNT(*) FROM Items WHERE Id >= 10"), 50)

    check("fifty rows by executemany", many)

    def large():
        text = "0123456789äß€日本" * 100_000
        execute(connection, "INSERT Items (Id, Text) VALUES (100, %s)", (text,))
        equal(value(connection, "SELECT Text FROM Items WHERE Id = 100") == text, True)

    check("1.5 million characters there and back", large)
    connection.commit()

    def rolled_back():
        execute(connection, "DELETE Items")
        connection.rollback()
        equal(value(connection, "SELECT COUNT(*) FROM Items") > 0, True)

    check("a rollback leaves everything", rolled_back)

    def several():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1; SELECT 2, 3")
            equal(cursor.fetchall(), [(1,)])
            equal(cursor.nextset(), True)
            equal(cursor.fetchall(), [(2, 3)])

    check("several results of one text", several)

    def called():
        with connection.cursor(as_dict=True) as cursor:
            cursor.callproc("sp_pkeys", ("Items",))
            equal([row["COLUMN_NAME"] for row in cursor], ["Id"])

    check("a procedure by its name", called)


def errors(connection):
    for number, kind, sql in (
        (208, pymssql.ProgrammingError, "SELECT * FROM Nothing"),
        (102, pymssql.ProgrammingError, "SELECT 1 1"),
        (2627, pymssql.IntegrityError, "INSERT Items (Id) VALUES (1)"),
        (515, pymssql.IntegrityError, "INSERT Items (Id) VALUES (NULL)"),
        (8134, pymssql.Error, "SELECT 1 / 0"),
        (50000, pymssql.Error, "RAISERROR('raised', 16, 1)"),
    ):
        def failing(number=number, kind=kind, sql=sql):
            error = raises(kind, lambda: query(connection, sql))
            connection.rollback()
            equal(error.args[0], number)

        check(f"error {number}", failing)

    def timed_out():
        with connect(timeout=1) as impatient:
            raises(pymssql.OperationalError, lambda: query(impatient, "WAITFOR DELAY '00:00:20'"))

    check("a query timeout ends a statement", timed_out)


def capture(connection):
    connection.autocommit(True)
    execute(connection, "EXEC sys.sp_cdc_enable_db")
    execute(connection, "EXEC sys.sp_cdc_enable_table @source_schema = 'dbo', @source_name = 'Items', @role_name = NULL")
    execute(connection, "UPDATE Items SET Name = N'geändert' WHERE Id = 1")

    def changes():
        rows = query(connection, """
            DECLARE @from binary(10) = sys.fn_cdc_get_min_lsn('dbo_Items'), @to binary(10) = sys.fn_cdc_get_max_lsn();
            SELECT __$operation, Id, Name FROM cdc.fn_cdc_get_all_changes_dbo_Items(@from, @to, N'all update old')
            ORDER BY __$start_lsn, __$seqval, __$operation""")
        equal(rows, [(3, 1, None), (4, 1, "geändert")])

    check("changes of change data capture", changes)


def main():
    logins()
    with connect() as connection:
        types(connection)
        writes(connection)
        errors(connection)
        capture(connection)


main()

// go-mssqldb: logging in, types, parameters, row counts, transactions, errors, cancelling, change data capture.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	"dstream/test/foreign/checks"

	mssql "github.com/microsoft/go-mssqldb"
)

var ctx = context.Background()

func check(name string, body func() error) {
	checks.Run([]checks.Check{{Name: name, Run: func(context.Context) { checks.OK(body()) }}})
}

func equal(actual, expected any) error {
	if reflect.DeepEqual(actual, expected) {
		return nil
	}
	return fmt.Errorf("expected %#v, got %#v", expected, actual)
}

func open(options map[string]string) (*sql.DB, error) {
	query := url.Values{"database": {os.Getenv("FOREIGN_SQL_DATABASE")}, "TrustServerCertificate": {"true"}}
	password := os.Getenv("FOREIGN_SQL_PASSWORD")
	for name, value := range options {
		if name == "password" {
			password = value
		} else {
			query.Set(name, value)
		}
	}
	address := url.URL{
		Scheme:   "sqlserver",
		User:     url.UserPassword(os.Getenv("FOREIGN_SQL_USER"), password),
		Host:     "127.0.0.1:" + os.Getenv("FOREIGN_SQL_PORT"),
		RawQuery: query.Encode(),
	}
	return sql.Open("sqlserver", address.String())
}

func with(options map[string]string, use func(*sql.DB) error) error {
	db, err := open(options)
	if err != nil {
		return err
	}
	defer db.Close()
	return use(db)
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func value(db queryer, query string, args ...any) (any, error) {
	var found any
	err := db.QueryRowContext(ctx, query, args...).Scan(&found)
	return found, err
}

// is checks the one value of a query.
func is(db queryer, expected any, query string, args ...any) error {
	found, err := value(db, query, args...)
	if err != nil {
		return err
	}
	return equal(found, expected)
}

type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func affects(db executor, expected int64, query string, args ...any) error {
	result, err := db.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	count, err := result.RowsAffected()
	if err != nil {
		return err
	}
	return equal(count, expected)
}

func failsWith(number int32, err error) error {
	var failure mssql.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("expected error %d, got %v", number, err)
	}
	return equal(failure.Number, number)
}

func logins() {
	long := "SELECT REPLICATE(CAST('x' AS varchar(max)), 100000)"
	for _, mode := range []string{"true", "false", "disable"} {
		check("encrypt="+mode, func() error {
			return with(map[string]string{"encrypt": mode}, func(db *sql.DB) error {
				return is(db, strings.Repeat("x", 100000), long)
			})
		})
		check("a wrong password is 18456, encrypt="+mode, func() error {
			return with(map[string]string{"encrypt": mode, "password": "wrong"}, func(db *sql.DB) error {
				return failsWith(18456, db.PingContext(ctx))
			})
		})
	}
	check("encrypt=true refuses a certificate that it does not know", func() error {
		return with(map[string]string{"encrypt": "true", "TrustServerCertificate": "false"}, func(db *sql.DB) error {
			if err := db.PingContext(ctx); err == nil || !strings.Contains(err.Error(), "certificate") {
				return fmt.Errorf("expected an error of the certificate, got %v", err)
			}
			return nil
		})
	})
	check("an unknown database is refused", func() error {
		return with(map[string]string{"database": "nothing"}, func(db *sql.DB) error {
			return failsWith(18456, db.PingContext(ctx))
		})
	})
	for _, size := range []string{"4096", "32767"} {
		check("packet size "+size, func() error {
			return with(map[string]string{"encrypt": "false", "packet size": size}, func(db *sql.DB) error {
				return is(db, strings.Repeat("x", 100000), long)
			})
		})
	}
}

type sample struct {
	declared, literal string
	expected          any
}

var samples = []sample{
	{"bit", "1", true},
	{"tinyint", "255", int64(255)},
	{"smallint", "-32768", int64(-32768)},
	{"int", "-2147483648", int64(-2147483648)},
	{"bigint", "9223372036854775807", int64(9223372036854775807)},
	{"decimal(38, 10)", "-1234567890123456789012345678.0123456789", []byte("-1234567890123456789012345678.0123456789")},
	{"money", "922337203685477.5807", []byte("922337203685477.5807")},
	{"smallmoney", "-214748.3648", []byte("-214748.3648")},
	{"real", "1.5E9", 1.5e9},
	{"float", "-2.2250738585072014E-308", -2.2250738585072014e-308},
	{"char(5)", "'ab'", "ab   "},
	{"varchar(20)", "'äß€'", "äß€"},
	{"varchar(max)", "'long'", "long"},
	{"nchar(4)", "N'日本'", "日本  "},
	{"nvarchar(20)", "N'日本 😀'", "日本 😀"},
	{"nvarchar(max)", "N'日本'", "日本"},
	{"text", "'text'", "text"},
	{"ntext", "N'日本'", "日本"},
	{"xml", "N'<a>日本</a>'", "<a>日本</a>"},
	{"binary(4)", "0x0102", []byte{1, 2, 0, 0}},
	{"varbinary(8)", "0x00FF", []byte{0, 255}},
	{"varbinary(max)", "0xCAFE", []byte{0xca, 0xfe}},
	{"image", "0xBABE", []byte{0xba, 0xbe}},
	{"date", "'9999-12-31'", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)},
	{"datetime", "'2024-02-29 23:59:59.997'", time.Date(2024, 2, 29, 23, 59, 59, 997e6, time.UTC)},
	{"smalldatetime", "'2024-02-29 12:34'", time.Date(2024, 2, 29, 12, 34, 0, 0, time.UTC)},
	{"datetime2(7)", "'2024-01-02 03:04:05.1234567'", time.Date(2024, 1, 2, 3, 4, 5, 123456700, time.UTC)},
	{"time(7)", "'23:59:59.1234567'", time.Date(1, 1, 1, 23, 59, 59, 123456700, time.UTC)},
	{"datetimeoffset(7)", "'2024-06-01 12:00:00.1234567 +02:00'",
		time.Date(2024, 6, 1, 12, 0, 0, 123456700, time.FixedZone("", 7200))},
}

func types(db *sql.DB) {
	for _, each := range samples {
		check("type "+each.declared+" is read", func() error { return read(db, each) })
		check("type "+each.declared+" is a parameter and comes back", func() error { return roundTrip(db, each) })
	}
	check("type uniqueidentifier is read", func() error {
		var id mssql.UniqueIdentifier
		text := "6F9619FF-8B86-D011-B42D-00C04FC964FF"
		if err := db.QueryRowContext(ctx, "SELECT CAST(@p1 AS uniqueidentifier)", text).Scan(&id); err != nil {
			return err
		}
		return equal(id.String(), text)
	})
}

func read(db *sql.DB, each sample) error {
	var found, null any
	query := fmt.Sprintf("SELECT CAST(%s AS %s), CAST(NULL AS %s)", each.literal, each.declared, each.declared)
	if err := db.QueryRowContext(ctx, query).Scan(&found, &null); err != nil {
		return err
	}
	if null != nil {
		return fmt.Errorf("expected NULL, got %v", null)
	}
	return same(found, each.expected)
}

func roundTrip(db *sql.DB, each sample) error {
	connection, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := connection.ExecContext(ctx, "CREATE TABLE #sample (v "+each.declared+" NULL)"); err != nil {
		return err
	}
	defer connection.ExecContext(ctx, "DROP TABLE #sample")
	parameter := each.expected
	if digits, ok := parameter.([]byte); ok && strings.Contains("decimal money smallmoney", strings.Split(each.declared, "(")[0]) {
		parameter = string(digits)
	}
	if err := affects(connection, 1, "INSERT #sample VALUES (@p1)", parameter); err != nil {
		return err
	}
	found, err := value(connection, "SELECT v FROM #sample")
	if err != nil {
		return err
	}
	return same(found, each.expected)
}

func same(found, expected any) error {
	if moment, ok := expected.(time.Time); ok {
		if seen, ok := found.(time.Time); ok && seen.Equal(moment) {
			return nil
		}
	}
	return equal(found, expected)
}

func writes(db *sql.DB) {
	statement := "CREATE TABLE Items (Id int PRIMARY KEY, Name nvarchar(50) NULL, Text nvarchar(max) NULL)"
	check("rows affected by a definition", func() error { return affects(db, 0, statement) })
	check("rows affected by INSERT", func() error { return affects(db, 3, "INSERT Items (Id) VALUES (1), (2), (3)") })
	check("rows affected by UPDATE", func() error {
		return affects(db, 2, "UPDATE Items SET Name = @name WHERE Id > @id", sql.Named("name", "a"), sql.Named("id", 1))
	})
	check("rows affected by DELETE", func() error { return affects(db, 1, "DELETE Items WHERE Id = @p1", 3) })
	check("1.5 million characters there and back", func() error {
		text := strings.Repeat("0123456789äß€日本", 100000)
		if err := affects(db, 1, "INSERT Items (Id, Text) VALUES (100, @p1)", text); err != nil {
			return err
		}
		found, err := value(db, "SELECT Text FROM Items WHERE Id = 100")
		if err == nil && found != text {
			err = errors.New("another text")
		}
		return err
	})
	check("a prepared statement", func() error {
		prepared, err := db.PrepareContext(ctx, "SELECT @p1 * 2")
		if err != nil {
			return err
		}
		defer prepared.Close()
		for i := range int64(5) {
			var found int64
			if err := prepared.QueryRowContext(ctx, i).Scan(&found); err != nil {
				return err
			}
			if err := equal(found, 2*i); err != nil {
				return err
			}
		}
		return nil
	})
	check("an output parameter", func() error {
		var result int64
		_, err := db.ExecContext(ctx, "SET @n = 41 + 1", sql.Named("n", sql.Out{Dest: &result}))
		if err != nil {
			return err
		}
		return equal(result, int64(42))
	})
	check("a procedure by its name", func() error {
		rows, err := db.QueryContext(ctx, "sp_pkeys", sql.Named("table_name", "Items"))
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		return equal([]any{rows.Next(), columns[3]}, []any{true, "COLUMN_NAME"})
	})
}

func transactions(db *sql.DB) {
	for _, level := range []sql.IsolationLevel{sql.LevelDefault, sql.LevelReadUncommitted, sql.LevelReadCommitted,
		sql.LevelRepeatableRead, sql.LevelSnapshot, sql.LevelSerializable} {
		check("a rollback leaves everything, "+level.String(), func() error {
			transaction, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: level})
			if err != nil {
				return err
			}
			if _, err := transaction.ExecContext(ctx, "DELETE Items"); err != nil {
				return err
			}
			if err := transaction.Rollback(); err != nil {
				return err
			}
			return is(db, int64(3), "SELECT COUNT(*) FROM Items")
		})
	}
	check("a commit stays", func() error {
		transaction, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := affects(transaction, 1, "UPDATE Items SET Name = N'geändert' WHERE Id = 1"); err != nil {
			return err
		}
		if err := transaction.Commit(); err != nil {
			return err
		}
		return is(db, "geändert", "SELECT Name FROM Items WHERE Id = 1")
	})
}

func failures(db *sql.DB) {
	for number, statement := range map[int32]string{
		208: "SELECT * FROM Nothing", 102: "SELECT 1 1", 2627: "INSERT Items (Id) VALUES (1)", 515: "INSERT Items (Id) VALUES (NULL)",
		8134: "SELECT 1 / 0", 50000: "RAISERROR('raised', 16, 1)", 50123: "THROW 50123, 'thrown', 1", 2812: "EXEC sp_nothing",
	} {
		check(fmt.Sprintf("error %d", number), func() error {
			_, err := db.ExecContext(ctx, statement)
			return failsWith(number, err)
		})
	}
	check("a context that ends cancels its statement", func() error {
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		begun := time.Now()
		_, err := db.ExecContext(short, "WAITFOR DELAY '00:00:20'")
		if err == nil || time.Since(begun) > 10*time.Second {
			return fmt.Errorf("it took %s and ended with %v", time.Since(begun), err)
		}
		return is(db, int64(1), "SELECT 1")
	})
}

func capture(db *sql.DB) {
	check("changes of change data capture", func() error {
		for _, statement := range []string{
			"EXEC sys.sp_cdc_enable_db",
			"EXEC sys.sp_cdc_enable_table @source_schema = 'dbo', @source_name = 'Items', @role_name = NULL",
			"UPDATE Items SET Name = 'again' WHERE Id = 1",
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return is(db, "3 1 geändert, 4 1 again", `
			DECLARE @from binary(10) = shop.sys.fn_cdc_get_min_lsn('dbo_Items'), @to binary(10) = shop.sys.fn_cdc_get_max_lsn();
			SELECT STRING_AGG(CONCAT(__$operation, ' ', Id, ' ', Name), ', ') WITHIN GROUP (ORDER BY __$operation)
			FROM cdc.fn_cdc_get_all_changes_dbo_Items(@from, @to, N'all update old')`)
	})
}

func main() {
	logins()
	db, err := open(nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer db.Close()
	types(db)
	writes(db)
	transactions(db)
	failures(db)
	capture(db)
}

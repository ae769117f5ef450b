using System.Text;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Tests.Obfuscate;

public class SqlObfuscatorTests
{
    /// <summary>The vectors of trace-intake §5.2, under their numbers.</summary>
    [Theory]
    [InlineData(1, SqlDialect.Unknown, false, "select * from users where id = 42", "select * from users where id = ?")]
    [InlineData(2, SqlDialect.Unknown, false, "select * from users where float = .43422", "select * from users where float = ?")]
    [InlineData(3, SqlDialect.Unknown, false, "SELECT host, status FROM ec2_status WHERE org_id=42", "SELECT host, status FROM ec2_status WHERE org_id = ?")]
    [InlineData(4, SqlDialect.Unknown, false, "-- get user \n--\n select * \n   from users \n    where\n       id = 214325346", "select * from users where id = ?")]
    [InlineData(5, SqlDialect.Unknown, false, "SELECT * FROM `host` WHERE `id` IN (42, 43) /*comment with parameters,host:localhost*/", "SELECT * FROM host WHERE id IN ( ? )")]
    [InlineData(6, SqlDialect.Unknown, false, "SELECT `host`.`address` FROM `host` WHERE org_id=42", "SELECT host . address FROM host WHERE org_id = ?")]
    [InlineData(7, SqlDialect.Unknown, false, "SELECT \"host\".\"address\" FROM \"host\" WHERE org_id=42", "SELECT host . address FROM host WHERE org_id = ?")]
    [InlineData(8, SqlDialect.Unknown, false, "SELECT \"table\".\"field\" FROM \"table\" WHERE \"table\".\"otherfield\" = $? AND \"table\".\"thirdfield\" = $?;", "SELECT table . field FROM table WHERE table . otherfield = ? AND table . thirdfield = ?")]
    [InlineData(9, SqlDialect.Unknown, false, "UPDATE user_dash_pref SET json_prefs = %(json_prefs)s, modified = '2015-08-27 22:10:32.492912' WHERE user_id = %(user_id)s AND url = %(url)s", "UPDATE user_dash_pref SET json_prefs = ? modified = ? WHERE user_id = ? AND url = ?")]
    [InlineData(10, SqlDialect.Unknown, false, "SELECT org_id, metric_key   FROM metrics_metadata   WHERE org_id = %(org_id)s AND metric_key = ANY(array[21, 25, 32])", "SELECT org_id, metric_key FROM metrics_metadata WHERE org_id = ? AND metric_key = ANY ( array [ ? ] )")]
    [InlineData(11, SqlDialect.Unknown, false, "SELECT articles.* FROM articles WHERE articles.id = 1 LIMIT 15,20;", "SELECT articles.* FROM articles WHERE articles.id = ? LIMIT ?")]
    [InlineData(12, SqlDialect.Unknown, false, "SELECT articles.* FROM articles WHERE (articles.created_at BETWEEN $1 AND $2)", "SELECT articles.* FROM articles WHERE ( articles.created_at BETWEEN ? AND ? )")]
    [InlineData(13, SqlDialect.Unknown, false, "SELECT articles.* FROM articles WHERE (articles.published != true)", "SELECT articles.* FROM articles WHERE ( articles.published != ? )")]
    [InlineData(14, SqlDialect.Unknown, false, "SELECT articles.* FROM articles WHERE ( title = ? ) AND ( author = ? )", "SELECT articles.* FROM articles WHERE ( title = ? ) AND ( author = ? )")]
    [InlineData(15, SqlDialect.Unknown, false, "SELECT articles.* FROM articles WHERE ( title = :title )", "SELECT articles.* FROM articles WHERE ( title = :title )")]
    [InlineData(16, SqlDialect.Unknown, false, "SELECT articles.* FROM articles WHERE ( title = @title )", "SELECT articles.* FROM articles WHERE ( title = @title )")]
    [InlineData(17, SqlDialect.Unknown, false, "SELECT date(created_at) as ordered_date, sum(price) as total_price FROM orders GROUP BY date(created_at) HAVING sum(price) > 100", "SELECT date ( created_at ), sum ( price ) FROM orders GROUP BY date ( created_at ) HAVING sum ( price ) > ?")]
    [InlineData(18, SqlDialect.Unknown, false, "SELECT articles.* FROM articles WHERE articles.id IN (1, 3, 5)", "SELECT articles.* FROM articles WHERE articles.id IN ( ? )")]
    [InlineData(19, SqlDialect.Unknown, false, "SAVEPOINT \"s139956586256192_x1\"", "SAVEPOINT ?")]
    [InlineData(20, SqlDialect.Unknown, false, "INSERT INTO user (id, username) VALUES ('Fred','Smith'), ('John','Smith'), ('Michael','Smith'), ('Robert','Smith');", "INSERT INTO user ( id, username ) VALUES ( ? )")]
    [InlineData(21, SqlDialect.Unknown, false, "CREATE KEYSPACE Excelsior WITH replication = {'class': 'SimpleStrategy', 'replication_factor' : 3};", "CREATE KEYSPACE Excelsior WITH replication = ?")]
    [InlineData(22, SqlDialect.Unknown, false, "SELECT \"webcore_page\".\"id\" FROM \"webcore_page\" WHERE \"webcore_page\".\"slug\" = %s ORDER BY \"webcore_page\".\"path\" ASC LIMIT 1", "SELECT webcore_page . id FROM webcore_page WHERE webcore_page . slug = ? ORDER BY webcore_page . path ASC LIMIT ?")]
    [InlineData(23, SqlDialect.Unknown, false, "SELECT server_table.host AS host_id FROM table#.host_tags as server_table WHERE server_table.host_id = 50", "SELECT server_table.host FROM table#.host_tags WHERE server_table.host_id = ?")]
    [InlineData(24, SqlDialect.Unknown, false, "SELECT name, pretty_print(address) FROM people;", "SELECT name, pretty_print ( address ) FROM people")]
    [InlineData(25, SqlDialect.Unknown, false, "* SELECT * FROM fake_data(1, 2, 3);", "* SELECT * FROM fake_data ( ? )")]
    [InlineData(26, SqlDialect.Unknown, false, "CREATE FUNCTION add(integer, integer) RETURNS integer\n AS 'select $1 + $2;'\n LANGUAGE SQL\n IMMUTABLE\n RETURNS NULL ON NULL INPUT;", "CREATE FUNCTION add ( integer, integer ) RETURNS integer LANGUAGE SQL IMMUTABLE RETURNS ? ON ? INPUT")]
    [InlineData(27, SqlDialect.Unknown, false, "SELECT * FROM public.table ( array [ ROW ( array [ 'magic', 'foo',", "SELECT * FROM public.table ( array [ ROW ( array [ ?")]
    [InlineData(28, SqlDialect.Unknown, false, "SELECT pg_try_advisory_lock (123) AS t46eef3f025cc27feb31ca5a2d668a09a", "SELECT pg_try_advisory_lock ( ? )")]
    [InlineData(29, SqlDialect.Unknown, false, "INSERT INTO `qual-aa`.issues (alert0 , alert1) VALUES (NULL, NULL)", "INSERT INTO qual-aa . issues ( alert0, alert1 ) VALUES ( ? )")]
    [InlineData(30, SqlDialect.Unknown, false, "INSERT INTO user (id, email, name) VALUES (null, ?, ?)", "INSERT INTO user ( id, email, name ) VALUES ( ? )")]
    [InlineData(31, SqlDialect.Unknown, false, "select * from users where id = 214325346     # This comment continues to the end of line", "select * from users where id = ?")]
    [InlineData(32, SqlDialect.Unknown, false, "SELECT /*! STRAIGHT_JOIN */ col1 FROM table1", "SELECT col1 FROM table1")]
    [InlineData(33, SqlDialect.Unknown, false, "SET @g = 'POLYGON((0 0,10 0,10 10,0 10,0 0),(5 5,7 5,7 7,5 7, 5 5))';", "SET @g = ?")]
    [InlineData(34, SqlDialect.Unknown, false, "SELECT [b].[BlogId], [b].[Name]\nFROM [Blogs] AS [b]\nORDER BY [b].[Name]", "SELECT [ b ] . [ BlogId ], [ b ] . [ Name ] FROM [ Blogs ] ORDER BY [ b ] . [ Name ]")]
    [InlineData(35, SqlDialect.Unknown, false, "SELECT * FROM users WHERE firstname=''", "SELECT * FROM users WHERE firstname = ?")]
    [InlineData(36, SqlDialect.Unknown, false, "SELECT * FROM users WHERE lastname=\" \"", "SELECT * FROM users WHERE lastname = ?")]
    [InlineData(37, SqlDialect.Unknown, false, "SELECT * FROM foo LEFT JOIN bar ON 'backslash\\' = foo.b WHERE foo.name = 'String'", "SELECT * FROM foo LEFT JOIN bar ON ? = foo.b WHERE foo.name = ?")]
    [InlineData(38, SqlDialect.Unknown, false, "SELECT * FROM foo LEFT JOIN bar ON 'embedded ''quote'' in string' = foo.b WHERE foo.name = 'String'", "SELECT * FROM foo LEFT JOIN bar ON ? = foo.b WHERE foo.name = ?")]
    [InlineData(39, SqlDialect.Unknown, false, "SELECT org_id,metric_key,metric_type,interval FROM metrics_metadata WHERE org_id = ? AND metric_key = ANY(ARRAY[?,?,?,?,?])", "SELECT org_id, metric_key, metric_type, interval FROM metrics_metadata WHERE org_id = ? AND metric_key = ANY ( ARRAY [ ? ] )")]
    [InlineData(40, SqlDialect.Unknown, false, "SELECT a :: VARCHAR(255) FROM foo WHERE foo.name = 'String'", "SELECT a :: VARCHAR ( ? ) FROM foo WHERE foo.name = ?")]
    [InlineData(41, SqlDialect.Unknown, false, "{call px_cu_se_security_pg.sps_get_my_accounts_count(1, 2, 'one', 'two')};", "{ call px_cu_se_security_pg.sps_get_my_accounts_count ( ? ) }")]
    [InlineData(42, SqlDialect.Unknown, false, "SELECT id, name FROM emp WHERE name LIKE {fn UCASE('Smith')}", "SELECT id, name FROM emp WHERE name LIKE ?")]
    [InlineData(43, SqlDialect.Unknown, false, "select users.custom #> '{a,b}' from users", "select users.custom")]
    [InlineData(44, SqlDialect.PostgreSql, false, "select users.custom #> '{a,b}' from users", "select users.custom #> ? from users")]
    [InlineData(45, SqlDialect.Unknown, false, "SELECT a FROM foo WHERE value<@name", "SELECT a FROM foo WHERE value < @name")]
    [InlineData(46, SqlDialect.PostgreSql, false, "SELECT a FROM foo WHERE value<@name", "SELECT a FROM foo WHERE value <@ name")]
    [InlineData(47, SqlDialect.Unknown, false, "SELECT @@foo", "SELECT @@foo")]
    [InlineData(48, SqlDialect.Unknown, false, "INSERT INTO table (field1, field2) VALUES (1, $$someone's string123$with other things$$)", "INSERT INTO table ( field1, field2 ) VALUES ( ? )")]
    [InlineData(49, SqlDialect.Unknown, false, "select key, status, modified from org_check_run where org_id = %s and check in (%s , %s , %s )", "select key, status, modified from org_check_run where org_id = ? and check in ( ? )")]
    [InlineData(50, SqlDialect.Unknown, false, "select * from dollarField$ as df from some$dollar$filled_thing$$;", "select * from dollarField$ from some$dollar$filled_thing$$")]
    [InlineData(51, SqlDialect.Unknown, false, "select * from `構わない`;", "select * from 構わない")]
    [InlineData(52, SqlDialect.Unknown, false, "SELECT username AS person FROM users WHERE id=4", "SELECT username FROM users WHERE id = ?")]
    [InlineData(53, SqlDialect.Unknown, false, "autovacuum: VACUUM ANALYZE fake.table", "autovacuum : VACUUM ANALYZE fake.table")]
    [InlineData(54, SqlDialect.Unknown, false, "SELECT * FROM Items WHERE id = -1 OR id = -.018", "SELECT * FROM Items WHERE id = ? OR id = ?")]
    [InlineData(55, SqlDialect.Unknown, true, "SELECT ddu2.name, ddo.id10 FROM dd3120.user ddu2", "SELECT ddu?.name, ddo.id? FROM dd?.user ddu?")]
    [InlineData(56, SqlDialect.Unknown, true, "REPLACE INTO sales_2019_07_01 (`itemID`) VALUES ((SELECT itemID FROM item1001 WHERE `sku` = [sku]), CURDATE(), [qty], 0.00)", "REPLACE INTO sales_?_?_? ( itemID ) VALUES ( ( SELECT itemID FROM item? WHERE sku = [ sku ] ), CURDATE ( ), [ qty ], ? )")]
    public void A_statement_keeps_its_shape_and_loses_its_values(int number, SqlDialect dialect, bool replaceDigits, string sql, string expected)
    {
        Assert.True(number > 0);
        Assert.Equal(expected, SqlObfuscator.Obfuscate(sql, dialect, replaceDigits, 32_768));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-- nothing but a comment")]
    [InlineData("/* nothing */ -- but comments")]
    [InlineData("SELECT a FROM b WHERE a.x !* 2")]
    [InlineData("SELECT 🥒")]
    [InlineData("SELECT %(asd)| FROM profile")]
    [InlineData("SELECT %(asd")]
    [InlineData("SELECT one, :.two FROM profile")]
    [InlineData("SELECT 'does not end")]
    [InlineData("SELECT \"does not end")]
    [InlineData("SELECT `does not end")]
    [InlineData("SELECT $$does not end")]
    [InlineData("SELECT $tag$does not end$$")]
    [InlineData("SELECT a /* does not end")]
    [InlineData("SELECT a WHERE b = {fn x")]
    [InlineData("SELECT a } FROM b")]
    [InlineData("SELECT a FROM b WHERE c = \\x")]
    [InlineData("SELECT \u0001 FROM b")]
    public void What_cannot_be_read_is_not_kept(string sql) =>
        Assert.Equal("Non-parsable SQL query", SqlObfuscator.Obfuscate(sql, SqlDialect.Unknown, false, 32_768));

    [Fact]
    public void Bytes_that_are_no_text_are_not_kept() =>
        Assert.False(SqlObfuscator.TryObfuscate([.. "SELECT "u8, 0xC3, 0x28], SqlDialect.Unknown, false, new BoundedText(100)));

    /// <summary>Where the Datadog agent's result would lose or show more than it must.</summary>
    [Theory]
    [InlineData(SqlDialect.Unknown, "INSERT INTO t (a) VALUES (1), (2) ON CONFLICT DO NOTHING RETURNING id", "INSERT INTO t ( a ) VALUES ( ? ) ON CONFLICT DO NOTHING RETURNING id")]
    [InlineData(SqlDialect.Unknown, "INSERT INTO t VALUES (1), (NOW(), 2)", "INSERT INTO t VALUES ( ? ), ( NOW ( ), ? )")]
    [InlineData(SqlDialect.Unknown, "INSERT INTO t VALUES (1, (2)), (3, f(4)), (5)", "INSERT INTO t VALUES ( ? ( ? ) ), ( ? f ( ? ) ), ( ? )")]
    [InlineData(SqlDialect.Unknown, "SELECT date(1), name FROM t", "SELECT date ( ? ), name FROM t")]
    [InlineData(SqlDialect.Unknown, "WITH big AS (SELECT a FROM b WHERE c > 7) SELECT * FROM big", "WITH big AS ( SELECT a FROM b WHERE c > ? ) SELECT * FROM big")]
    [InlineData(SqlDialect.Unknown, "CREATE VIEW v AS SELECT a FROM b", "CREATE VIEW v AS SELECT a FROM b")]
    [InlineData(SqlDialect.Unknown, "SELECT 1 AS a, 2 AS b", "SELECT ?, ?")]
    [InlineData(SqlDialect.Unknown, "SELECT 0x1F, 1e-5, 1E+10, 30d, 1_000", "SELECT ?")]
    [InlineData(SqlDialect.Unknown, "SELECT a*5 FROM b WHERE c->>'d' = 'e' AND f::int <=> 3 || 4", "SELECT a * ? FROM b WHERE c ->> ? = ? AND f :: int <=> ? || ?")]
    [InlineData(SqlDialect.Unknown, "SELECT 1; SELECT 2;", "SELECT ? SELECT ?")]
    [InlineData(SqlDialect.Unknown, "SELECT 'it\\'s' , 'x' FROM b", "SELECT ? FROM b")]
    [InlineData(SqlDialect.Unknown, "SELECT public.\"user\".id FROM t", "SELECT public . user . id FROM t")]
    [InlineData(SqlDialect.Unknown, "SELECT 東京.* FROM 東京 WHERE ü1 = 1", "SELECT 東京.* FROM 東京 WHERE ü1 = ?")]
    [InlineData(SqlDialect.Unknown, "SET @a := \"x\"", "SET @a := ?")]
    [InlineData(SqlDialect.Unknown, "ROLLBACK TO SAVEPOINT sp_123", "ROLLBACK TO SAVEPOINT ?")]
    [InlineData(SqlDialect.MySql, "SELECT a FROM b WHERE c LIKE \"bob%\" OR d IN (\"x\", \"y\")", "SELECT a FROM b WHERE c LIKE ? OR d IN ( ? )")]
    [InlineData(SqlDialect.SqlServer, "SELECT a FROM #temp WHERE b = 1", "SELECT a FROM #temp WHERE b = ?")]
    [InlineData(SqlDialect.PostgreSql, "SELECT a FROM b WHERE doc ? 'key' AND c IN (?, ?) AND doc ?| ARRAY['x', 'y']", "SELECT a FROM b WHERE doc ? ? AND c IN ( ? ) AND doc ?| ARRAY [ ? ]")]
    public void Also(SqlDialect dialect, string sql, string expected) => Assert.Equal(expected, SqlObfuscator.Obfuscate(sql, dialect, false, 32_768));

    [Theory]
    [InlineData("SELECT 'a\\'secret\\'b', 'c' FROM t")]
    [InlineData("SELECT 'C:\\', 'secret', 'D:\\' FROM t")]
    [InlineData("SELECT 'x\\' secret', 'y\\' z' FROM t")]
    [InlineData("SELECT \"a\\\"secret\" FROM t")]
    [InlineData("INSERT INTO t VALUES ('secret''s', \"\", $q$secret$q$, -7.5, N'secret')")]
    [InlineData("SELECT a FROM b -- secret\nWHERE c = 'secret' /* secret */ # secret")]
    public void Whatever_a_backslash_means_no_value_is_left(string sql) =>
        Assert.DoesNotContain("secret", SqlObfuscator.Obfuscate(sql, SqlDialect.MySql, false, 32_768), StringComparison.Ordinal);

    [Fact]
    public void A_result_is_cut_at_its_limit_on_a_whole_character()
    {
        var result = SqlObfuscator.Obfuscate("SELECT " + new string('é', 500), SqlDialect.Unknown, false, 100);

        Assert.Equal("SELECT " + new string('é', 46), result);
    }

    [Fact]
    public void Any_text_gives_a_result_that_stays_in_bounds()
    {
        string[] pieces = ["SELECT ", "'", "\"", "`", "\\", "(", ")", ",", "AS ", "[", "]", "{", "}", "$", "$t$", "%(", "--", "\n", "/*", "*/", "#", "?", ":", "@", ".", "-1", "x", "é", "NULL ", "SAVEPOINT ", ";", " ", "0x", "1e+"];
        for (var seed = 0; seed < 20_000; seed++)
        {
            var chance = new Random(seed);
            var sql = string.Concat(Enumerable.Range(0, chance.Next(60)).Select(_ => pieces[chance.Next(pieces.Length)]));
            var bytes = Encoding.UTF8.GetBytes(sql);
            if (chance.Next(10) == 0) chance.NextBytes(bytes);
            var output = new BoundedText(1_000);
            var isRead = SqlObfuscator.TryObfuscate(bytes, (SqlDialect)chance.Next(4), chance.Next(2) == 0, output);
            Assert.True(output.Length <= Math.Min(1_000, (3 * bytes.Length) + 3), $"Seed {seed} grew to {output.Length} from {bytes.Length}.");
            Assert.True(!isRead || System.Text.Unicode.Utf8.IsValid(output.Written), $"Seed {seed} broke a character.");
        }
    }

    /// <summary>Reading these anew from each place would take minutes, so that seconds are a safe bound on any machine.</summary>
    [Theory]
    [InlineData("(")]
    [InlineData("{call ")]
    [InlineData("1,")]
    [InlineData("$a $b ")]
    [InlineData("(1),")]
    [InlineData("AS [")]
    [InlineData("'\\'")]
    [InlineData("a.")]
    [InlineData("/**/")]
    [InlineData("''")]
    [InlineData("%(a)s")]
    [InlineData("x{}")]
    public void A_hostile_statement_of_a_megabyte_is_read_in_one_go(string piece)
    {
        var sql = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(piece, 1_048_576 / piece.Length)));
        var output = new BoundedText(32_768);
        var started = TimeProvider.System.GetTimestamp();

        SqlObfuscator.TryObfuscate(sql, SqlDialect.Unknown, false, output);

        Assert.True(output.Length <= 32_768);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5), "A megabyte took more than five seconds: some rule looks at the same bytes again and again.");
    }
}

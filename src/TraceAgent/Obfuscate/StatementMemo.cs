using Apm.Core.Spans;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>The SQL statements of one batch without their values, each worked out once.</summary>
/// <remarks>One thread, one batch.</remarks>
sealed class StatementMemo(StringTable strings, ObfuscationSettings settings, BoundedText scratch)
{
    static readonly (string Name, SqlDialect Dialect)[] Systems =
    [
        ("postgresql", SqlDialect.PostgreSql), ("postgres", SqlDialect.PostgreSql), ("cockroachdb", SqlDialect.PostgreSql), ("redshift", SqlDialect.PostgreSql),
        ("mysql", SqlDialect.MySql), ("mariadb", SqlDialect.MySql),
        ("mssql", SqlDialect.SqlServer), ("sqlserver", SqlDialect.SqlServer), ("sql-server", SqlDialect.SqlServer), ("microsoft.sql_server", SqlDialect.SqlServer),
    ];

    static readonly string[] SystemKeys = ["db.type", "db.system.name", "db.system"];

    readonly TextMemo?[] _results = new TextMemo?[Enum.GetValues<SqlDialect>().Length];
    readonly int[] _systemKeys = [.. SystemKeys.Select(strings.Find).Where(key => key >= 0)];
    readonly Dictionary<int, SqlDialect> _systems = Systems.Where(system => strings.Find(system.Name) >= 0).ToDictionary(system => strings.Find(system.Name), system => system.Dialect);

    /// <summary>What a statement becomes that cannot be read; entered when first needed, -1 before.</summary>
    public int NonParsable { get; private set; } = -1;

    /// <summary>Which database a span says it called.</summary>
    public SqlDialect DialectOf(TagColumn<int> tags, int span)
    {
        if (_systems.Count == 0) return SqlDialect.Unknown;
        foreach (var key in _systemKeys)
            if (tags.TryGet(span, key, out var value) && _systems.TryGetValue(value, out var dialect)) return dialect;
        return SqlDialect.Unknown;
    }

    /// <summary>The statement without its values.</summary>
    public int Of(int statement, SqlDialect dialect)
    {
        var memo = _results[(int)dialect] ??= new TextMemo(strings);
        if (memo.TryGet(statement, out var known)) return known;
        var sql = strings.Utf8(statement);
        var isRead = sql.Length <= settings.MaxStatementBytes && SqlObfuscator.TryObfuscate(sql, dialect, settings.SqlReplaceDigits, scratch);
        if (!isRead && NonParsable < 0) NonParsable = strings.Intern(SqlObfuscator.NonParsable);
        return memo.Set(statement, isRead ? strings.Intern(scratch.Written) : NonParsable);
    }
}

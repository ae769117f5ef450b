namespace Apm.TraceAgent.Obfuscate;

/// <summary>What is known of the database that a statement was for; some signs mean different things.</summary>
public enum SqlDialect
{
    /// <summary>Not said by the span: <c>#</c> begins a comment, <c>"…"</c> is mostly a name.</summary>
    Unknown,

    /// <summary><c>#&gt;</c>, <c>@&gt;</c>, <c>?|</c> and their kin are JSON operators.</summary>
    PostgreSql,

    /// <summary><c>"…"</c> is a value everywhere.</summary>
    MySql,

    /// <summary><c>#name</c> is a temporary table.</summary>
    SqlServer,
}

namespace Apm.TraceAgent.Obfuscate;

/// <summary>
/// What is hidden in spans before they are counted and stored. The defaults are those of the Datadog agent (trace-intake §5.1);
/// each property names its key under <c>apm_config.obfuscation</c>.
/// </summary>
/// <remarks>Never changed once in use; any thread may read.</remarks>
public sealed record ObfuscationSettings
{
    /// <summary>Values in SQL and CQL; default true. No key: the Datadog agent cannot leave them.</summary>
    public bool SqlEnabled { get; init; } = true;

    /// <summary>Digits in names of tables and columns become <c>?</c>; default false. Datadog: <c>sql.replace_digits</c> of a tracer, feature <c>quantize_sql_tables</c>.</summary>
    public bool SqlReplaceDigits { get; init; }

    /// <summary>
    /// Longest statement in bytes that is read; default 1 MiB. A longer one becomes <c>Non-parsable SQL query</c> and counts in
    /// <c>spans_repaired{sql_too_long}</c>.
    /// </summary>
    public int MaxStatementBytes { get; init; } = 1_048_576;

    /// <summary>Longest result in bytes of hiding or replacing; default 32 KiB. The rest is cut, and the limits of §2.4 then cut and count as ever.</summary>
    public int MaxResultBytes { get; init; } = 32_768;

    /// <summary>Values in <c>redis.raw_command</c>; default true. Datadog: <c>redis.enabled</c>. The resource is always reduced to command names.</summary>
    public bool RedisEnabled { get; init; } = true;

    /// <summary>All arguments, keys included; default false. Datadog: <c>redis.remove_all_args</c>.</summary>
    public bool RedisRemoveAllArguments { get; init; }

    /// <summary>Values in <c>valkey.raw_command</c>; default true. Datadog: <c>valkey.enabled</c>.</summary>
    public bool ValkeyEnabled { get; init; } = true;

    /// <summary>All arguments, keys included; default false. Datadog: <c>valkey.remove_all_args</c>.</summary>
    public bool ValkeyRemoveAllArguments { get; init; }

    /// <summary><c>memcached.command</c>; default true. Datadog: <c>memcached.enabled</c>.</summary>
    public bool MemcachedEnabled { get; init; } = true;

    /// <summary>Keeps the command's first line, which has the key but no value; default false. Datadog: <c>memcached.keep_command</c>.</summary>
    public bool MemcachedKeepCommand { get; init; }

    /// <summary>Values in <c>mongodb.query</c>. Datadog: <c>mongodb</c>.</summary>
    public JsonObfuscationSettings MongoDb { get; init; } = new();

    /// <summary>Values in <c>elasticsearch.body</c>. Datadog: <c>elasticsearch</c>.</summary>
    public JsonObfuscationSettings Elasticsearch { get; init; } = new();

    /// <summary>Values in <c>opensearch.body</c>. Datadog: <c>opensearch</c>.</summary>
    public JsonObfuscationSettings OpenSearch { get; init; } = new();

    /// <summary>The query of <c>http.url</c>; default false. Datadog: <c>http.remove_query_string</c>. User and password are always taken out.</summary>
    public bool HttpRemoveQueryString { get; init; }

    /// <summary>Parts of the path of <c>http.url</c> that hold a digit; default false. Datadog: <c>http.remove_paths_with_digits</c>.</summary>
    public bool HttpRemovePathsWithDigits { get; init; }

    /// <summary>Values of tags and event attributes that are card numbers; default true. Datadog: <c>credit_cards.enabled</c>.</summary>
    public bool CreditCardsEnabled { get; init; } = true;

    /// <summary>Only numbers whose check digit fits; default false. Datadog: <c>credit_cards.luhn</c>.</summary>
    public bool CreditCardsLuhn { get; init; }

    /// <summary>Further keys whose values are never taken for card numbers; default none. Datadog: <c>credit_cards.keep_values</c>.</summary>
    public IReadOnlyList<string> CreditCardsKeepValues { get; init; } = [];

    /// <summary><c>error.stack</c> and <c>exception.stacktrace</c>, also in events, become <c>?</c>; default false. Datadog: <c>remove_stack_traces</c>.</summary>
    public bool RemoveStackTraces { get; init; }

    /// <summary>Applied last, in order; default none. Datadog: <c>apm_config.replace_tags</c>.</summary>
    public IReadOnlyList<ReplaceRule> ReplaceRules { get; init; } = [];
}

/// <summary>How the JSON of one kind of store is treated (trace-intake §5.4).</summary>
public sealed record JsonObfuscationSettings
{
    /// <summary>Default true. Datadog: <c>enabled</c>.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Keys whose whole value stays; default none. Datadog: <c>keep_values</c>.</summary>
    public IReadOnlyList<string> KeepValues { get; init; } = [];

    /// <summary>Keys whose text is a statement, to be treated as SQL; default none. Datadog: <c>obfuscate_sql_values</c>.</summary>
    public IReadOnlyList<string> ObfuscateSqlValues { get; init; } = [];
}

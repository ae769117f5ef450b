namespace Apm.TraceAgent.Checks.MySql;

/// <summary>One instance of <c>mysql.d/conf.yaml</c> (metrics-monitors §10.1). The old keys <c>server</c>, <c>user</c> and <c>pass</c> mean what the new ones do.</summary>
public sealed record MySqlCheckSettings
{
    /// <summary>Most custom queries of an instance, unless <c>max_custom_queries</c> says otherwise; further ones are not run, and a warning says which. Default 20.</summary>
    public int MaxCustomQueries { get; init; } = 20;

    /// <summary>"" when only a socket is given.</summary>
    public string Host { get; init; } = "";

    public int Port { get; init; } = 3306;

    public string User { get; init; } = "";

    public string Password { get; init; } = "";

    /// <summary>Path of a Unix socket; null for TCP.</summary>
    public string? Socket { get; init; }

    /// <summary>An option file that host, user and password come from; read at each connection, so that a new password counts.</summary>
    public string? DefaultsFile { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one statement may take.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public string? Charset { get; init; }

    public MySqlTls? Tls { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public bool Replication { get; init; }

    /// <summary>One channel of replication; null for all.</summary>
    public string? ReplicationChannel { get; init; }

    public bool GaleraCluster { get; init; }

    public bool ExtraStatusMetrics { get; init; }

    public bool ExtraInnodbMetrics { get; init; }

    public bool DisableInnodbMetrics { get; init; }

    public bool SchemaSizeMetrics { get; init; }

    public bool TableSizeMetrics { get; init; }

    public bool SystemTableSizeMetrics { get; init; }

    public bool ExtraPerformanceMetrics { get; init; }

    public bool TableRowsStatsMetrics { get; init; }

    public bool OnlyCustomQueries { get; init; }

    public IReadOnlyList<MySqlCustomQuery> CustomQueries { get; init; } = [];

    /// <summary>Values of SHOW GLOBAL STATUS that the user wants besides.</summary>
    public IReadOnlyList<MySqlMetric> AdditionalStatus { get; init; } = [];

    /// <summary>Values of SHOW GLOBAL VARIABLES that the user wants besides.</summary>
    public IReadOnlyList<MySqlMetric> AdditionalVariables { get; init; } = [];

    /// <summary>What the user should know of the file.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The server for tags and sentences: its socket or host.</summary>
    public string ServerName => Socket ?? (Host.Length > 0 ? Host : "localhost");

    /// <summary>The tags of the service checks besides the instance's.</summary>
    public IReadOnlyList<string> ServerTags => [$"server:{ServerName}", Socket is null ? $"port:{Port}" : "port:unix_socket"];

    /// <exception cref="CheckFailedException">A key is missing or cannot be used.</exception>
    public static MySqlCheckSettings From(CheckSettings settings)
    {
        var file = new CheckOptions("mysql", settings.Instance);
        var options = file.Map("options");
        var host = file.Text("host", "server") ?? "";
        var user = file.Text("username", "user") ?? "";
        var socket = file.Text("sock") is { Length: > 0 } path ? path : null;
        var defaultsFile = file.Text("defaults_file") is { Length: > 0 } name ? name : null;
        if (defaultsFile is null && ((host.Length == 0 && socket is null) || user.Length == 0))
            throw new CheckFailedException("Mysql host and user or a defaults_file are needed.");

        var queries = file.Maps("custom_queries").Select(MySqlCustomQuery.From).ToList();
        var maxQueries = (int)(file.Number(0, 1000, "max_custom_queries") ?? new MySqlCheckSettings().MaxCustomQueries);
        var warnings = new List<string>();
        if (queries.Count > maxQueries)
            warnings.Add($"mysql: {queries.Count} custom queries are configured and {maxQueries} are run; the others, from `{Cut(queries[maxQueries].Query)}` on, are not. Raise max_custom_queries if the server can bear it.");
        if (file.Flag("dbm"))
            warnings.Add("mysql: `dbm: true` (samples of statements and plans) is not offered here; the metrics are collected without it.");

        return new MySqlCheckSettings
        {
            Host = host,
            Port = (int)(file.Number(0, 65535, "port") is { } port and > 0 ? port : 3306), // The example file of the original has `port: 0` for the default.
            User = user,
            Password = file.Text("password", "pass") ?? "",
            Socket = socket,
            DefaultsFile = defaultsFile,
            ConnectTimeout = file.Seconds(10, 3600, "connect_timeout"),
            ReadTimeout = file.Seconds(10, 3600, "read_timeout"),
            Charset = file.Text("charset"),
            Tls = MySqlTls.From(file.Map("ssl")),
            Tags = file.Texts("tags"),
            Replication = options.Flag("replication"),
            ReplicationChannel = options.Text("replication_channel") is { Length: > 0 } channel ? channel : null,
            GaleraCluster = options.Flag("galera_cluster"),
            ExtraStatusMetrics = options.Flag("extra_status_metrics", file.Flag("dbm")),
            ExtraInnodbMetrics = options.Flag("extra_innodb_metrics"),
            DisableInnodbMetrics = options.Flag("disable_innodb_metrics"),
            SchemaSizeMetrics = options.Flag("schema_size_metrics"),
            TableSizeMetrics = options.Flag("table_size_metrics"),
            SystemTableSizeMetrics = options.Flag("system_table_size_metrics"),
            ExtraPerformanceMetrics = options.Flag("extra_performance_metrics"),
            TableRowsStatsMetrics = options.Flag("table_rows_stats_metrics"),
            OnlyCustomQueries = file.Flag("only_custom_queries"),
            MaxCustomQueries = maxQueries,
            CustomQueries = [.. queries.Take(maxQueries)],
            AdditionalStatus = Additional(file, "additional_status"),
            AdditionalVariables = Additional(file, "additional_variable"),
            Warnings = warnings,
        };
    }

    static List<MySqlMetric> Additional(CheckOptions file, string key) =>
        [.. file.Maps(key).Select(item => new MySqlMetric(
            item.RequiredText("metric_name", "mysql.my_metric"), item.RequiredText("name", "Threads_created"), MySqlCustomQuery.KindOf(item, item.Text("type") ?? "gauge")))];

    static string Cut(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 59), "…");
}

/// <summary>The instance's <c>ssl</c>: files in PEM; null where the file says nothing.</summary>
/// <param name="CheckHostname">Whether the certificate must be for the host that was connected to.</param>
public sealed record MySqlTls(string? Key, string? Cert, string? Ca, bool CheckHostname)
{
    /// <summary>Null when the file asks for no encryption of its own.</summary>
    public static MySqlTls? From(CheckOptions ssl)
    {
        var tls = new MySqlTls(ssl.Text("key"), ssl.Text("cert"), ssl.Text("ca"), ssl.Flag("check_hostname", true));
        return tls.Key is null && tls.Cert is null && tls.Ca is null && !ssl.Has("check_hostname") ? null : tls;
    }
}

using System.Text.Json.Nodes;

namespace Apm.Core.Dashboards;

/// <summary>Makes boards for what is measured: hosts, MySQL, and each web framework that is traced. A widget is only there when its metrics are.</summary>
public static class BuiltInBoards
{
    /// <summary>Before the name of such a board; no kept one has it.</summary>
    const string Prefix = "given-";

    /// <summary>Columns of a board, charts in a row of it, and rows of a chart.</summary>
    const int Columns = 12, PerRow = 3, ChartRows = 7;

    /// <summary>Operations of web frameworks, as tracers name them, and how people call them.</summary>
    static readonly (string Operation, string Name, string Title)[] Frameworks =
    [
        ("flask.request", "flask", "Flask"), ("aspnet_core.request", "aspnet-core", "ASP.NET Core"), ("aspnet.request", "aspnet", "ASP.NET"), ("django.request", "django", "Django"),
        ("express.request", "express", "Express"), ("fastapi.request", "fastapi", "FastAPI"), ("servlet.request", "servlet", "Java servlets"), ("rack.request", "rack", "Rack"), ("web.request", "web", "Web requests"), ("http.server.request", "http-server", "HTTP servers"),
    ];

    static readonly Chart[] Hosts =
    [
        new("CPU in use by host", "area", "100 - avg:system.cpu.idle{$host} by {host}"),
        new("CPU by what it does", "area", "user = avg:system.cpu.user{$host}", "system = avg:system.cpu.system{$host}", "waiting = avg:system.cpu.iowait{$host}", "stolen = avg:system.cpu.stolen{$host}"),
        new("Load by host", "line", "avg:system.load.1{$host} by {host}"),
        new("Memory usable by host", "line", "avg:system.mem.usable{$host} by {host}"),
        new("Disks, part in use", "line", "avg:system.disk.in_use{$host} by {host,device}"),
        new("Disk traffic", "line", "read = avg:system.io.rkb_s{$host} by {device}", "written = avg:system.io.wkb_s{$host} by {device}"),
        new("Network", "line", "received = avg:system.net.bytes_rcvd{$host} by {host}", "sent = avg:system.net.bytes_sent{$host} by {host}"),
        new("Swap in use", "line", "avg:system.swap.used{$host} by {host}"),
    ];

    static readonly Chart[] MySql =
    [
        new("Queries per second", "line", "queries = avg:mysql.performance.queries{$host}", "questions = avg:mysql.performance.questions{$host}"),
        new("Connections, and what is expected", "line", "anomalies(avg:mysql.net.connections{$host}, 'basic', 2)"),
        new("Threads", "line", "connected = avg:mysql.performance.threads_connected{$host}", "running = avg:mysql.performance.threads_running{$host}"),
        new("Slow queries", "bars", "avg:mysql.performance.slow_queries{$host}"),
        new("Statements by kind", "area", "select = avg:mysql.performance.com_select{$host}", "insert = avg:mysql.performance.com_insert{$host}", "update = avg:mysql.performance.com_update{$host}", "delete = avg:mysql.performance.com_delete{$host}"),
        new("InnoDB rows", "line", "waits for row locks = avg:mysql.innodb.row_lock_waits{$host}", "time in row locks = avg:mysql.innodb.row_lock_time{$host}"),
        new("InnoDB buffer pool", "area", "used = avg:mysql.innodb.buffer_pool_used{$host}", "free = avg:mysql.innodb.buffer_pool_free{$host}"),
        new("Bytes in and out", "line", "received = avg:mysql.performance.bytes_received{$host}", "sent = avg:mysql.performance.bytes_sent{$host}"),
        new("CPU time", "area", "user = avg:mysql.performance.user_time{$host}", "kernel = avg:mysql.performance.kernel_time{$host}"),
    ];

    /// <summary>Whether an id is the name of such a board, whether its data is there or not.</summary>
    public static bool IsName(string id) => id.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The id of the board of what answers an operation, such as <c>flask.request</c>; null when there is none. It has the variable <c>service</c>.</summary>
    public static string? IdOfOperation(string operation) => Array.Find(Frameworks, framework => framework.Operation == operation) is { Name: { } name } ? Prefix + name : null;

    /// <summary>The boards for some metrics, by title.</summary>
    public static IReadOnlyList<Dashboard> For(IReadOnlySet<string> metrics)
    {
        var boards = new List<Dashboard>();
        Add("hosts", "Hosts", "Processors, memory, disks and network of the machines.", "host", Hosts);
        Add("mysql", "MySQL", "What the MySQL check measures.", "host", MySql);
        foreach (var (operation, name, title) in Frameworks)
            if (metrics.Contains($"trace.{operation}.hits")) Add(name, title, $"Requests, errors and durations of services that answer {operation}.", "service", WebCharts($"trace.{operation}"));
        return [.. boards.OrderBy(board => board.Title, StringComparer.OrdinalIgnoreCase)];

        void Add(string name, string title, string description, string variable, IReadOnlyList<Chart> charts)
        {
            var there = charts.Select(chart => chart.Having(metrics)).OfType<Chart>().ToList();
            var widgets = there.Select((chart, i) => new Widget(i + 1, chart.Definition()) { Layout = PlaceOf(i, there.Count) }).ToList();
            if (widgets.Count == 0) return;
            var sent = new JsonObject { ["name"] = variable, ["prefix"] = variable, ["default"] = "*" };
            boards.Add(new Dashboard
            {
                Id = Prefix + name,
                Title = title,
                Description = description,
                Widgets = widgets,
                Variables = [new TemplateVariable(variable, variable, ["*"], sent.ToJsonString())],
                IsReadOnly = true,
            });
        }
    }

    /// <summary>Three beside each other; the last row is as full as the others.</summary>
    static WidgetLayout PlaceOf(int index, int count)
    {
        var inRow = index / PerRow == (count - 1) / PerRow && count % PerRow > 0 ? count % PerRow : PerRow;
        var width = Columns / inRow;
        return new WidgetLayout(index % PerRow * width, index / PerRow * ChartRows, width, ChartRows);
    }

    static Chart[] WebCharts(string metric) =>
    [
        new("Requests per second", "area", $"sum:{metric}.hits{{$service}} by {{service}}.as_rate()"),
        new("Errors", "bars", $"sum:{metric}.errors{{$service}} by {{service}}.as_count()"),
        new("Durations: p50, p95, p99", "line", $"p50 = p50:{metric}{{$service}}", $"p95 = p95:{metric}{{$service}}", $"p99 = p99:{metric}{{$service}}"),
        new("Requests by HTTP status", "area", $"sum:{metric}.hits.by_http_status{{$service}} by {{http.status_code}}.as_rate()"),
        new("p95 by service, and what is expected", "line", $"anomalies(p95:{metric}{{$service}} by {{service}}, 'basic', 3)"),
        new("Apdex", "line", $"avg:{metric}.apdex{{$service}} by {{service}}"),
        new("Slowest endpoints, p95", "toplist", $"top(p95:{metric}{{$service}} by {{resource_name}}, 10, 'mean', 'desc')"),
        new("Most called endpoints", "toplist", $"top(sum:{metric}.hits{{$service}} by {{resource_name}}.as_rate(), 10, 'mean', 'desc')"),
    ];

    /// <summary>A widget, as a rule names it.</summary>
    /// <param name="Queries">Each as <c>name = query</c> where it has to be told from others, or the query alone.</param>
    sealed record Chart(string Title, string Draw, params string[] Queries)
    {
        /// <summary>With those of its queries whose metric is there; null when none is.</summary>
        public Chart? Having(IReadOnlySet<string> metrics)
        {
            string[] there = [.. Queries.Where(query => metrics.Any(metric => query.Contains($":{metric}{{", StringComparison.Ordinal)))];
            return there.Length == 0 ? null : this with { Queries = there };
        }

        public string Definition()
        {
            var isList = Draw == "toplist";
            return new JsonObject
            {
                ["type"] = isList ? "toplist" : "timeseries",
                ["title"] = Title,
                ["requests"] = new JsonArray([.. Queries.Select(query => (JsonNode)Request(query, isList))]),
                ["events"] = isList ? null : new JsonArray(),
            }.ToJsonString();
        }

        JsonObject Request(string query, bool isList)
        {
            var (alias, text) = query.Split(" = ") is [var name, var named] ? (name, named) : ("", query);
            var request = new JsonObject { ["q"] = text };
            if (!isList) request["display_type"] = Draw;
            if (alias.Length > 0) request["metadata"] = new JsonArray(new JsonObject { ["expression"] = text, ["alias_name"] = alias });
            return request;
        }
    }
}

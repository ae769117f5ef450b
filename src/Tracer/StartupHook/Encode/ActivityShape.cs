using System.Collections.Concurrent;
using System.Diagnostics;

namespace Apm.StartupHook.Encode;

/// <summary>
/// What an activity is called as a span: the operation name, type and resource that the agent would give the same
/// activity if it came by OTLP, so that switching between the two ways renames nothing.
/// </summary>
internal readonly struct ActivityShape
{
    /// <summary>The source of <c>ApmTracer.StartSpan</c>: what its spans are called is their operation.</summary>
    const string OwnSource = "Apm.Tracer";

    static readonly ConcurrentDictionary<string, byte[]> s_encoded = new();

    static readonly HashSet<string> s_sqlSystems = new(StringComparer.OrdinalIgnoreCase)
    {
        "other_sql", "mssql", "microsoft.sql_server", "mysql", "oracle", "oracle.db", "db2", "postgresql", "redshift", "mariadb", "sqlite", "sybase", "teradata",
        "vertica", "h2", "hsqldb", "cockroachdb", "hanadb", "informix", "firebird", "derby", "ingres", "interbase", "netezza", "clickhouse",
    };

    /// <summary>Operation name, encoded.</summary>
    public byte[] NameBytes { get; private init; }

    /// <summary>Span type, encoded.</summary>
    public byte[] TypeBytes { get; private init; }

    /// <summary>Resource: what exactly was done.</summary>
    public string Resource { get; private init; }

    /// <summary>A service of its own (tag <c>service.name</c>); null: the process's.</summary>
    public string? Service { get; private init; }

    /// <summary>True when tags alone tell of an error.</summary>
    public bool IsError { get; private init; }

    /// <summary>True when the activity has a tag <c>error.type</c> itself.</summary>
    public bool HasErrorType { get; private init; }

    /// <summary>Reads an activity's kind and tags.</summary>
    public static ActivityShape Of(Activity activity)
    {
        string? operation = null, resource = null, service = null, type = null, db = null, statement = null, messaging = null, messagingOperation = null,
            destination = null, rpc = null, rpcService = null, rpcMethod = null, httpMethod = null, httpRoute = null;
        bool isError = false, hasErrorType = false;
        foreach (ref readonly var tag in activity.EnumerateTagObjects())
        {
            if (tag.Value is not string text)
            {
                isError |= tag.Key == "error" && tag.Value is true;
                continue;
            }
            switch (tag.Key)
            {
                case "operation.name": operation = text; break;
                case "resource.name": resource = text; break;
                case "service.name": service = text; break;
                case "span.type": type = text; break;
                case "db.system" or "db.system.name": db = text; break;
                case "db.statement" or "db.query.text": statement = text; break;
                case "db.query.summary": statement ??= text; break;
                case "messaging.system": messaging = text; break;
                case "messaging.operation" or "messaging.operation.type": messagingOperation = text; break;
                case "messaging.destination" or "messaging.destination.name": destination = text; break;
                case "rpc.system" or "rpc.system.name": rpc = text; break;
                case "rpc.service": rpcService = text; break;
                case "rpc.method": rpcMethod = text; break;
                case "http.request.method" or "http.method": httpMethod = text; break;
                case "http.route": httpRoute = text; break;
                case "error.type": hasErrorType = true; break;
                case "error": isError |= text == "true"; break;
            }
        }

        var kind = activity.Kind;
        var (name, kindType) = kind switch
        {
            _ when httpMethod is not null && kind == ActivityKind.Server => ("http.server.request", "web"),
            _ when httpMethod is not null && kind == ActivityKind.Client => ("http.client.request", "http"),
            // EF Core and some drivers mark their commands as internal: the system alone decides.
            _ when db is not null && kind is (ActivityKind.Client or ActivityKind.Internal) => (db + ".query", TypeOfDatabase(db)),
            _ when messaging is not null && messagingOperation is not null => ($"{messaging}.{messagingOperation}", "queue"),
            _ when rpc is not null && kind == ActivityKind.Client => (rpc + ".client.request", "http"),
            _ when rpc is not null && kind == ActivityKind.Server => (rpc + ".server.request", "web"),
            ActivityKind.Server => ("server.request", "web"),
            ActivityKind.Client => ("client.request", "http"),
            ActivityKind.Producer => ("producer", "queue"),
            ActivityKind.Consumer => ("consumer", "queue"),
            _ => ("internal", "custom"),
        };
        resource ??= httpMethod is not null ? (kind == ActivityKind.Server && httpRoute is not null ? $"{httpMethod} {httpRoute}" : httpMethod)
            : messagingOperation is not null ? (destination is null ? messagingOperation : $"{messagingOperation} {destination}")
            : rpcMethod is not null ? (rpcService is null ? rpcMethod : $"{rpcMethod} {rpcService}")
            : db is not null && statement is not null ? statement
            : activity.DisplayName;
        return new ActivityShape
        {
            NameBytes = Encoded(operation ?? (activity.Source.Name == OwnSource ? activity.OperationName : name)),
            TypeBytes = Encoded(type ?? kindType),
            Resource = resource,
            Service = service,
            IsError = isError,
            HasErrorType = hasErrorType,
        };
    }

    static string TypeOfDatabase(string system) => system switch
    {
        "redis" or "memcached" or "mongodb" or "cassandra" or "elasticsearch" or "opensearch" => system,
        _ when s_sqlSystems.Contains(system) => "sql",
        _ => "db",
    };

    // Names are few by their nature; an app that makes one per request is encoded anew each time beyond this.
    static byte[] Encoded(string text)
    {
        if (s_encoded.TryGetValue(text, out var bytes)) return bytes;
        bytes = MsgPackKey.Of(text);
        if (s_encoded.Count < 1000) s_encoded.TryAdd(text, bytes);
        return bytes;
    }
}

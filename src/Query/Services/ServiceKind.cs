namespace Apm.Query.Services;

/// <summary>What sort of thing a service is, told by the type of its spans.</summary>
public enum ServiceKind
{
    /// <summary>Runs code of ours: <c>web</c>, <c>worker</c>, anything unknown.</summary>
    Application,
    Database,
    Cache,
    Queue,

    /// <summary>Somebody else's, seen only through calls to it.</summary>
    External,
}

/// <summary>Which span types mean what. Types are Datadog's; OTLP and Zipkin spans get them on the way in.</summary>
public static class ServiceKinds
{
    /// <param name="type">The span's type; "" when unknown.</param>
    /// <param name="isClientSide">The spans of that type are calls to it, not its own work.</param>
    public static ServiceKind Of(string type, bool isClientSide = false) => type switch
    {
        "sql" or "db" or "cassandra" or "mongodb" or "elasticsearch" or "opensearch" or "dynamodb" or "graph" => ServiceKind.Database,
        "cache" or "redis" or "memcached" or "valkey" => ServiceKind.Cache,
        "queue" when isClientSide => ServiceKind.Queue,
        "http" when isClientSide => ServiceKind.External,
        _ => isClientSide ? ServiceKind.External : ServiceKind.Application,
    };

    /// <summary>True for types of calls that leave the process.</summary>
    public static bool IsCall(string type) => type is "http" or "queue" || Of(type) != ServiceKind.Application;
}

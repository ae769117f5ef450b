using System.Collections.Frozen;
using System.Text;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>
/// Operation, resource and type of a span, from its attributes of either generation of conventions (trace-intake §7.6, §7.7, §7.8).
/// They look at the span's attributes only; what a resource says applies to all its spans and could not tell them apart.
/// </summary>
internal sealed class OtelSpanRules(OtelTexts texts)
{
    int _typedSystem;
    int _systemType;

    /// <summary>§7.6, first that applies.</summary>
    public int OperationOf(SpanKind kind, OtelAttributes span)
    {
        var isClient = kind == SpanKind.Client;
        var isServer = kind == SpanKind.Server;
        if (TryText(span, OtelKey.OperationName, out var operation)) return operation;
        if (span.Has(OtelKey.HttpRequestMethod) || span.Has(OtelKey.HttpMethod))
        {
            if (isServer) return texts.Of(OtelWords.HttpServerRequest);
            if (isClient) return texts.Of(OtelWords.HttpClientRequest);
        }
        if (isClient && TrySystem(span, out var db)) return texts.Begin().AddTagValue(db).Add(".query"u8).End();
        if (kind is SpanKind.Client or SpanKind.Server or SpanKind.Producer or SpanKind.Consumer &&
            TryText(span, OtelKey.MessagingSystem, out var broker) && TryMessagingOperation(span, out var action))
            return texts.Begin().AddTagValue(broker).Add("."u8).AddTagValue(action).End();
        if (TryText(span, OtelKey.RpcSystem, out var rpc))
        {
            if (isClient && texts.Strings.Utf8(rpc).SequenceEqual("aws-api"u8))
            {
                return TryText(span, OtelKey.RpcService, out var service)
                    ? texts.Begin().Add("aws."u8).AddTagValue(service).Add(".request"u8).End()
                    : texts.Of(OtelWords.AwsClientRequest);
            }
            if (isClient) return texts.Begin().AddTagValue(rpc).Add(".client.request"u8).End();
            if (isServer) return texts.Begin().AddTagValue(rpc).Add(".server.request"u8).End();
        }
        if (isClient && TryText(span, OtelKey.FaasInvokedProvider, out var provider) && TryText(span, OtelKey.FaasInvokedName, out var function))
            return texts.Begin().AddTagValue(provider).Add("."u8).AddTagValue(function).Add(".invoke"u8).End();
        if (isServer && TryText(span, OtelKey.FaasTrigger, out var trigger)) return texts.Begin().AddTagValue(trigger).Add(".invoke"u8).End();
        if (span.Has(OtelKey.GraphqlOperationType)) return texts.Of(OtelWords.GraphqlServerRequest);
        if (isServer)
        {
            return TryText(span, OtelKey.NetworkProtocolName, out var protocol)
                ? texts.Begin().AddTagValue(protocol).Add(".server.request"u8).End()
                : texts.Of(OtelWords.ServerRequest);
        }
        if (isClient)
        {
            return TryText(span, OtelKey.NetworkProtocolName, out var protocol)
                ? texts.Begin().AddTagValue(protocol).Add(".client.request"u8).End()
                : texts.Of(OtelWords.ClientRequest);
        }
        return texts.Of(kind switch
        {
            SpanKind.Producer => OtelWords.Producer,
            SpanKind.Consumer => OtelWords.Consumer,
            _ => OtelWords.Internal,
        });
    }

    /// <summary>§7.7, first that applies.</summary>
    public int ResourceOf(SpanKind kind, OtelAttributes span, int spanName)
    {
        if (TryText(span, OtelKey.ResourceName, out var resource)) return resource;
        if (TryText(span, OtelKey.HttpRequestMethod, out var method) || TryText(span, OtelKey.HttpMethod, out method))
        {
            texts.Begin();
            if (texts.Strings.Utf8(method).SequenceEqual("_OTHER"u8)) texts.Add("HTTP"u8);
            else texts.Add(method);
            if (kind == SpanKind.Server && TryText(span, OtelKey.HttpRoute, out var route)) texts.Add(" "u8).Add(route);
            return texts.End();
        }
        if (TryMessagingOperation(span, out var action))
        {
            return TryText(span, OtelKey.MessagingDestination, out var destination) || TryText(span, OtelKey.MessagingDestinationName, out destination)
                ? Pair(action, destination)
                : action;
        }
        if (TryText(span, OtelKey.RpcMethod, out var call)) return TryText(span, OtelKey.RpcService, out var service) ? Pair(call, service) : call;
        if (TryText(span, OtelKey.GraphqlOperationType, out var type)) return TryText(span, OtelKey.GraphqlOperationName, out var name) ? Pair(type, name) : type;
        if (TrySystem(span, out _) && (TryText(span, OtelKey.DbStatement, out var statement) || TryText(span, OtelKey.DbQueryText, out statement))) return statement;
        return spanName;
    }

    /// <summary>§7.8.</summary>
    public int TypeOf(SpanKind kind, OtelAttributes span)
    {
        if (TryText(span, OtelKey.SpanType, out var type)) return type;
        if (kind == SpanKind.Server) return texts.Of(OtelWords.Web);
        if (kind != SpanKind.Client) return texts.Of(OtelWords.Custom);
        if (!TrySystem(span, out var system)) return texts.Of(OtelWords.Http);
        if (system == _typedSystem) return _systemType;
        _typedSystem = system;
        return _systemType = TypeOfSystem(system);
    }

    int TypeOfSystem(int system)
    {
        var name = Encoding.UTF8.GetString(texts.Strings.Utf8(system));
        if (SqlSystems.Contains(name)) return texts.Of(OtelWords.Sql);
        return name is "cassandra" or "redis" or "memcached" or "mongodb" or "elasticsearch" or "opensearch" ? system : texts.Of(OtelWords.Db);
    }

    /// <summary>A text attribute that is not "".</summary>
    bool TryText(OtelAttributes span, OtelKey key, out int text)
    {
        text = span.TryGet(key, out var value) ? texts.Of(value) : 0;
        return text != 0;
    }

    bool TrySystem(OtelAttributes span, out int system) => TryText(span, OtelKey.DbSystem, out system) || TryText(span, OtelKey.DbSystemName, out system);

    bool TryMessagingOperation(OtelAttributes span, out int operation) =>
        TryText(span, OtelKey.MessagingOperation, out operation) ||
        TryText(span, OtelKey.MessagingOperationType, out operation) ||
        TryText(span, OtelKey.MessagingOperationName, out operation);

    int Pair(int first, int second) => texts.Begin().Add(first).Add(" "u8).Add(second).End();

    // The names that both generations use; the newer one renamed a few.
    static readonly FrozenSet<string> SqlSystems = FrozenSet.ToFrozenSet(
    [
        "other_sql", "mssql", "mysql", "oracle", "db2", "postgresql", "redshift", "cloudscape", "hsqldb", "maxdb", "ingres", "firstsql", "edb",
        "cache", "firebird", "derby", "informix", "mariadb", "sqlite", "sybase", "teradata", "vertica", "h2", "coldfusion", "cockroachdb",
        "progress", "hanadb", "adabas", "filemaker", "instantdb", "interbase", "netezza", "pervasive", "pointbase", "clickhouse",
        "microsoft.sql_server", "oracle.db", "ibm.db2", "sap.hana", "sap.maxdb", "actian.ingres", "firebirdsql", "aws.redshift",
    ], StringComparer.Ordinal);
}

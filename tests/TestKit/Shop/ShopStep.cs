namespace Apm.TestKit.Shop;

/// <summary>One thing that an endpoint does while it answers; steps run one after the other.</summary>
public abstract record ShopStep
{
    /// <summary>Statements sent to a database, one after the other.</summary>
    public static ShopStep Sql(ShopDatabase database, string statement, double millis, int times = 1) => new QueryStep(database, statement, millis, times);

    /// <summary>Commands sent to the cache, one after the other.</summary>
    public static ShopStep Cache(string command, double millis = 0.5, int times = 1) => new CacheStep(command, millis, times);

    /// <summary>A request to another service of the shop.</summary>
    public static ShopStep Call(string service, string resource) => new CallStep(service, resource, LosesHeader: false);

    /// <summary>The same, by a client that forgets the trace headers: the other side begins a trace of its own.</summary>
    public static ShopStep CallWithoutHeader(string service, string resource) => new CallStep(service, resource, LosesHeader: true);

    /// <summary>A message to a topic. Whoever consumes it does so later; nobody waits.</summary>
    public static ShopStep Publish(string topic, params string[] consumers) => new PublishStep(topic, consumers);

    /// <summary>A request to somebody else's service, which sends no spans.</summary>
    public static ShopStep ThirdParty(string host, string request, double millis) => new ThirdPartyStep(host, request, millis);

    /// <summary>Work of its own that has a span.</summary>
    public static ShopStep Work(string name, string resource, double millis) => new WorkStep(name, resource, millis);
}

/// <param name="Millis">About how long each takes.</param>
public sealed record QueryStep(ShopDatabase Database, string Statement, double Millis, int Times) : ShopStep;

/// <param name="Millis">About how long each takes.</param>
public sealed record CacheStep(string Command, double Millis, int Times) : ShopStep;

public sealed record CallStep(string Service, string Resource, bool LosesHeader) : ShopStep;

/// <param name="Consumers">Services that consume it, by the endpoint <c>Consume TOPIC</c>.</param>
public sealed record PublishStep(string Topic, IReadOnlyList<string> Consumers) : ShopStep;

/// <param name="Millis">About how long it takes.</param>
public sealed record ThirdPartyStep(string Host, string Request, double Millis) : ShopStep;

/// <param name="Millis">About how long it takes.</param>
public sealed record WorkStep(string Name, string Resource, double Millis) : ShopStep;

/// <summary>A database of the shop.</summary>
/// <param name="System">Its <c>db.system</c>.</param>
/// <param name="Name">Its <c>db.name</c>.</param>
/// <param name="Operation">Name of the spans that ask it.</param>
/// <param name="SpanType">Type of those spans.</param>
public sealed record ShopDatabase(string System, string Name, string Operation, string SpanType = "sql")
{
    public static ShopDatabase Catalog { get; } = new("postgresql", "catalog", "postgres.query");
    public static ShopDatabase Orders { get; } = new("postgresql", "orders", "postgres.query");
    public static ShopDatabase Stock { get; } = new("mysql", "stock", "mysql.query");
    public static ShopDatabase Carts { get; } = new("mongodb", "carts", "mongodb.query", "mongodb");
    public static ShopDatabase Products { get; } = new("elasticsearch", "products", "elasticsearch.query", "elasticsearch");
    public static ShopDatabase Ledger { get; } = new("sqlserver", "ledger", "sqlserver.query");
}

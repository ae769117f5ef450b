namespace Apm.TestKit.Shop;

/// <summary>A service of the shop: what its tracer says of it.</summary>
/// <param name="Language">As tracers spell it.</param>
/// <param name="Operation">Name of its entry spans.</param>
/// <param name="FirstVersion">The version it has before the first of <see cref="ShopFacts.Deploys"/>.</param>
public sealed record ShopService(string Name, string Language, string Runtime, string TracerVersion, string Operation, int Port, int Instances, string FirstVersion);

/// <summary>The twelve services.</summary>
public static class ShopServices
{
    public static IReadOnlyList<ShopService> All { get; } =
    [
        //   name                language  runtime   tracer    entry spans           port  instances  version
        new("web-store",        "nodejs", "22.9.0", "5.31.0", "express.request",     3000, 3,         "2.4.1"),
        new("mobile-api",       "go",     "1.23.2", "2.2.0",  "http.request",        3100, 2,         "1.12.0"),
        new("catalog",          "python", "3.12.6", "3.10.2", "flask.request",       5001, 3,         "1.18.2"),
        new("search",           "jvm",    "21.0.4", "1.44.1", "servlet.request",     5002, 2,         "1.9.0"),
        new("recommendations",  "python", "3.12.6", "3.10.2", "fastapi.request",     5003, 2,         "0.31.0"),
        new("cart",             ".NET",   "10.0.1", "3.9.0",  "aspnet_core.request", 5004, 2,         "5.1.0"),
        new("checkout",         ".NET",   "10.0.1", "3.9.0",  "aspnet_core.request", 5005, 2,         "7.1.0"),
        new("orders",           ".NET",   "10.0.1", "3.9.0",  "aspnet_core.request", 5006, 3,         "4.2.0"),
        new("payments",         "jvm",    "21.0.4", "1.44.1", "servlet.request",     5007, 2,         "3.7.2"),
        new("inventory",        "go",     "1.23.2", "2.2.0",  "http.request",        5008, 3,         "2.0.5"),
        new("shipping",         "ruby",   "3.3.5",  "2.7.1",  "rack.request",        5009, 2,         "1.4.0"),
        new("mailer",           "python", "3.12.6", "3.10.2", "flask.request",       5010, 1,         "0.9.4"),
    ];

    /// <summary>One by its name.</summary>
    public static ShopService Of(string name) => ByName[name];

    static readonly Dictionary<string, ShopService> ByName = All.ToDictionary(service => service.Name);
}

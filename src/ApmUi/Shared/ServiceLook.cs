using Apm.Core.Services;

namespace Apm.ApmUi.Shared;

/// <summary>How services look: their stored colour and the words for their kind.</summary>
public sealed class ServiceLook(ServiceCatalogue catalogue)
{
    /// <summary>Token of a service's colour, <c>s0</c> … <c>s11</c>; by its name when it was never stored, such as an inferred one.</summary>
    public string ColorOf(string service) => "s" + (catalogue.Service(service)?.ColorIndex ?? ServiceColors.Choose(service, []));

    /// <summary>The icon for a service's type.</summary>
    public static string IconOf(string type) => type switch
    {
        "web" or "http" or "rpc" or "grpc" => "globe",
        "sql" or "db" or "mongodb" or "elasticsearch" or "cassandra" => "database",
        "cache" or "redis" or "memcached" => "zap",
        "queue" or "kafka" or "messaging" => "messages-square",
        "worker" or "serverless" => "cog",
        "external" => "cloud",
        _ => "server",
    };

    /// <summary>A language as it is written: <c>.NET</c>, <c>Python</c>.</summary>
    public static string LanguageName(string language) => language.ToLowerInvariant() switch
    {
        "dotnet" or ".net" or "csharp" => ".NET",
        "python" => "Python",
        "nodejs" or "javascript" or "js" => "Node.js",
        "jvm" or "java" => "Java",
        "go" => "Go",
        "ruby" => "Ruby",
        "php" => "PHP",
        "cpp" or "c++" => "C++",
        "rust" => "Rust",
        _ => language,
    };
}

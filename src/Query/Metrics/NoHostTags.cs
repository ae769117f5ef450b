using Apm.Core.Ports;

namespace Apm.Query.Metrics;

/// <summary>Knows of no host: series match by their own tags only.</summary>
public sealed class NoHostTags : IHostTags
{
    public static NoHostTags Instance { get; } = new();

    public IReadOnlyList<string> TagsOf(string host) => [];
}

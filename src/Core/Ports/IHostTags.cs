namespace Apm.Core.Ports;

/// <summary>Gives the tags that somebody attached to hosts; queries apply them to every series of the host (metrics-monitors §3.6).</summary>
/// <remarks>Any thread.</remarks>
public interface IHostTags
{
    /// <summary>All tags of a host, from all sources, normalised; empty for an unknown host.</summary>
    IReadOnlyList<string> TagsOf(string host);
}

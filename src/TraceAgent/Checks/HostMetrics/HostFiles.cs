namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary>Reads what the kernel tells of this machine.</summary>
/// <remarks>Any thread.</remarks>
/// <param name="root">Where <c>/proc</c> is.</param>
public sealed class HostFiles(string root = "/proc")
{
    /// <summary>A file's text.</summary>
    /// <param name="name">Below the root: <c>net/dev</c>.</param>
    /// <exception cref="CheckFailedException">It cannot be read.</exception>
    public string Read(string name) => TryRead(name) ?? throw new CheckFailedException($"{root}/{name} cannot be read. It is there on Linux; in a container it may be hidden.");

    /// <summary>A file's text; null when it cannot be read.</summary>
    public string? TryRead(string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, name));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

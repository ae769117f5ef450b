namespace Apm.TraceAgent.Obfuscate;

/// <summary>Memcached commands carry what they store on the second line (trace-intake §5.1).</summary>
static class MemcachedObfuscator
{
    /// <summary>Nothing, or the command's first line.</summary>
    public static ReadOnlySpan<byte> Obfuscate(ReadOnlySpan<byte> command, bool keepCommand)
    {
        if (!keepCommand) return [];
        var end = command.IndexOfAny((byte)'\r', (byte)'\n');
        return (end < 0 ? command : command[..end]).Trim((byte)' ');
    }
}

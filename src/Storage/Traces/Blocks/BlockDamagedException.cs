namespace Apm.Storage.Traces.Blocks;

/// <summary>The bytes of a block are not what was written. The store sets the block aside and goes on with the rest.</summary>
public class BlockDamagedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A block was written by a newer program. It is left as it is.</summary>
public sealed class BlockVersionException(string message) : BlockDamagedException(message);

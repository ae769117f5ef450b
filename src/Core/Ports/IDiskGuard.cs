namespace Apm.Core.Ports;

/// <summary>Says whether the disk has room for more. Asked for each payload, so it costs next to nothing.</summary>
/// <remarks>Thread-safe.</remarks>
public interface IDiskGuard
{
    /// <summary>Why nothing is taken in at present; null when all is well.</summary>
    /// <param name="bytes">What is about to be written: the guard looks again when much was written since it last did.</param>
    StoreUnavailableException? WhyClosed(long bytes);
}

using Apm.Storage.Files;

namespace Apm.Storage.Traces;

/// <summary>
/// Slices whose file is deleted while a reader may still hold it: the disk gets the bytes back only when the last reader let
/// go, which the runtime notices at its next full collection. When much is held, this asks for one.
/// </summary>
/// <remarks>One thread.</remarks>
sealed class DroppedSlices
{
    readonly List<(WeakReference<StoreFile> File, long Bytes)> _held = [];

    /// <summary>Notes a slice that nobody new will find.</summary>
    public void Add(SliceBlocks slice) => _held.Add((new WeakReference<StoreFile>(slice.File.File), slice.StoredBytes));

    /// <summary>Bytes of deleted files that are still open somewhere.</summary>
    public long HeldBytes
    {
        get
        {
            _held.RemoveAll(dropped => !dropped.File.TryGetTarget(out _));
            return _held.Sum(dropped => dropped.Bytes);
        }
    }

    /// <summary>Has the runtime look for files that nobody holds any more, beside the work that goes on.</summary>
    public void HurryWhenMuchIsHeld(long bytes)
    {
        if (HeldBytes > bytes) GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
    }
}

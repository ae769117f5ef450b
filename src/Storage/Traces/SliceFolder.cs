using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;
using LiteDB;

namespace Apm.Storage.Traces;

/// <summary>Opens the slices of a folder when the store starts, clearing away what a killed process left half done.</summary>
sealed class SliceFolder(string folder, TraceStoreSettings settings, StoreFiles files, Counters counters)
{
    /// <summary>The slices with their blocks, oldest first.</summary>
    /// <param name="entries">The catalogue's documents, by slice.</param>
    /// <param name="catalogue">Gets the blocks that it did not have, and forgets slices that are gone.</param>
    /// <exception cref="IOException">The folder cannot be read or written.</exception>
    public IReadOnlyList<SliceBlocks> Open(ILookup<string, BsonDocument> entries, TraceCatalogue catalogue)
    {
        var opened = new List<SliceBlocks>();
        foreach (var path in PathsToOpen())
            if (ReadSlice(path, entries, catalogue) is { } slice) opened.Add(WithIndex(slice));
        var names = opened.Select(slice => slice.File.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in entries.Where(slice => !names.Contains(slice.Key)))
            foreach (var entry in gone) catalogue.Remove(entry["_id"]);
        catalogue.Save(everything: true);
        return opened;
    }

    /// <summary>The index is only for speed: without it, or when it is not of these blocks, each block is asked.</summary>
    SliceBlocks WithIndex(SliceBlocks slice)
    {
        try
        {
            return TraceIndex.Open(files, slice) is { } index ? slice.With(index) : slice;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return slice;
        }
    }

    List<string> PathsToOpen()
    {
        var names = files.ListNames(folder);
        var paths = new List<string>();
        foreach (var name in names)
        {
            var path = Path.Combine(folder, name);
            if (name.EndsWith(SliceFile.Suffix + StoreFiles.TemporarySuffix, StringComparison.Ordinal) || name.EndsWith(TraceIndex.Suffix + StoreFiles.TemporarySuffix, StringComparison.Ordinal)) files.Delete(path);
            if (name.EndsWith(TraceIndex.Suffix, StringComparison.Ordinal) && !names.Contains(name[..^TraceIndex.Suffix.Length] + SliceFile.Suffix)) files.Delete(path); // Its slice is gone.
            if (!name.EndsWith(SliceFile.Suffix, StringComparison.Ordinal)) continue;
            var rewritten = name[..^SliceFile.Suffix.Length] + SliceFile.RewrittenMark + SliceFile.Suffix;
            if (names.Contains(rewritten)) files.Delete(path); // Killed after the rewritten slice was put in its place.
            else paths.Add(path);
        }
        return paths;
    }

    /// <summary>Null when nothing of it can be read, which is told.</summary>
    SliceBlocks? ReadSlice(string path, ILookup<string, BsonDocument> entries, TraceCatalogue catalogue)
    {
        SliceFile? slice = null;
        try
        {
            slice = OpenSlice(path, out var isDamaged);
            if (slice is null) return null;
            var known = entries[slice.Name].Select(entry => TraceCatalogue.ToBlock(slice, entry)).OfType<StoredBlock>().OrderBy(block => block.Offset);
            var blocks = new SliceRecovery(slice, settings, counters) { MayCut = !isDamaged }.Read(known, catalogue.Enter);
            if (!isDamaged) return blocks;
            counters.Add("trace_slices_damaged");
            if (blocks.Count > 0)
            {
                settings.OnTrouble($"Trace slice {path} has a damaged header. Its {blocks.Count} good blocks with {blocks.SpanCount} spans are used all the same. Check the disk.");
                return blocks;
            }
            slice.File.Dispose();
            SetAside.Rename(files, path);
            settings.OnTrouble($"Trace slice {path} is damaged from its header on and nothing in it can be read: its spans are lost. It is kept as {Path.GetFileName(path)}{SetAside.Suffix} and can be deleted. Check the disk.");
            return null;
        }
        catch (BlockVersionException newer)
        {
            slice?.File.Dispose();
            counters.Add("trace_slices_damaged");
            settings.OnTrouble($"Trace slice {path} is left out: {newer.Message}. Its spans cannot be searched until the newer program runs again; nothing was changed.");
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or StoreUnavailableException)
        {
            slice?.File.Dispose();
            counters.Add("trace_slices_damaged");
            settings.OnTrouble($"Trace slice {path} is left out: {failure.Message} Its spans cannot be searched until it can be read at a start. Check the disk and the file's permissions.");
            return null;
        }
    }

    SliceFile? OpenSlice(string path, out bool isDamaged)
    {
        isDamaged = false;
        try
        {
            return SliceFile.Open(files, path);
        }
        catch (BlockDamagedException damage) when (damage is not BlockVersionException)
        {
            long length;
            using (var file = files.OpenRead(path)) length = file.Length;
            if (length <= SliceFile.HeaderBytes)
            {
                files.Delete(path); // Begun when the process died; nothing was ever in it.
                return null;
            }
            isDamaged = true;
            return SliceFile.OpenWithoutHeader(files, path);
        }
    }
}

using Apm.Core.Counting;
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
        {
            if (OpenSlice(path) is not { } slice) continue;
            var known = entries[slice.Name].Select(entry => TraceCatalogue.ToBlock(slice, entry)).OfType<StoredBlock>().OrderBy(block => block.Offset);
            opened.Add(new SliceRecovery(slice, settings, counters).Read(known, catalogue.Enter));
        }
        var names = opened.Select(slice => slice.File.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in entries.Where(slice => !names.Contains(slice.Key)))
            foreach (var entry in gone) catalogue.Remove(entry["_id"]);
        catalogue.Save(everything: true);
        return opened;
    }

    List<string> PathsToOpen()
    {
        var names = files.ListNames(folder);
        var paths = new List<string>();
        foreach (var name in names)
        {
            var path = Path.Combine(folder, name);
            if (name.EndsWith(SliceFile.Suffix + StoreFiles.TemporarySuffix, StringComparison.Ordinal)) files.Delete(path);
            if (!name.EndsWith(SliceFile.Suffix, StringComparison.Ordinal)) continue;
            var rewritten = name[..^SliceFile.Suffix.Length] + SliceFile.RewrittenMark + SliceFile.Suffix;
            if (names.Contains(rewritten)) files.Delete(path); // Killed after the rewritten slice was put in its place.
            else paths.Add(path);
        }
        return paths;
    }

    SliceFile? OpenSlice(string path)
    {
        try
        {
            return SliceFile.Open(files, path);
        }
        catch (BlockDamagedException damage)
        {
            long length;
            using (var file = files.OpenRead(path)) length = file.Length;
            if (length <= SliceFile.HeaderBytes)
            {
                files.Delete(path); // Begun when the process died; nothing was ever in it.
                return null;
            }
            counters.Add("trace_slices_damaged");
            settings.OnTrouble($"Trace slice {path} is left out: {damage.Message}. The spans in it cannot be read. Check the disk, or restore the file.");
            return null;
        }
    }
}

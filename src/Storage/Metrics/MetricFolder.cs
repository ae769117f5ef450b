using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using Apm.Core.Counting;
using Apm.Storage.Files;
using Apm.Storage.Metrics.Chunks;

namespace Apm.Storage.Metrics;

/// <summary>The files of the metric store: finds them, makes them, and sets aside what is damaged.</summary>
sealed class MetricFolder(string folder, MetricStoreSettings settings, StoreFiles files, Counters counters)
{
    /// <summary>All that is there, by day.</summary>
    /// <exception cref="NotSupportedException">A file is of a newer version.</exception>
    public ImmutableSortedDictionary<long, DayFiles> Load()
    {
        files.CreateFolder(folder);
        var days = ImmutableSortedDictionary.CreateBuilder<long, DayFiles>();
        foreach (var name in files.ListNames(folder)) // Of one day and tier the higher generation comes later.
        {
            if (name.EndsWith(StoreFiles.TemporarySuffix, StringComparison.Ordinal)) files.Delete(PathOf(name));
            if (MetricFile.Parse(name) is not { } parsed || OpenWhole(name, parsed) is not { } file) continue;
            var known = days.GetValueOrDefault(file.Day, DayFiles.None);
            if (known.All.FirstOrDefault(other => other.Tier == file.Tier) is { } replaced) Delete(replaced);
            days[file.Day] = known.With(file.Tier, file);
        }
        return days.ToImmutable();
    }

    /// <summary>Whether the last block that was appended is as it was written. Roll-ups and rewritten files got their name when they were whole.</summary>
    public static bool IsLastBlockWhole(DayFiles day) => day.IsRolledUp || day.Raw is not { Blocks: [.., var last] } || last.IsWhole();

    /// <summary>Takes back an append that a crash tore.</summary>
    public MetricFile CutLastBlock(MetricFile file)
    {
        counters.Add("metric_torn_tails");
        file.File.SetLength(file.Blocks[^1].Offset);
        file.File.Flush();
        return file with { Blocks = [.. file.Blocks.SkipLast(1)] };
    }

    /// <summary>Begins the file of a day's points, for appending.</summary>
    public MetricFile Begin(long day)
    {
        var path = PathOf(MetricFile.NameOf(day, MetricTier.Raw, 0));
        var file = new MetricFile(path, files.Open(path), day, MetricTier.Raw, 0, []);
        try
        {
            files.FlushFolder(folder);
            return file;
        }
        catch
        {
            file.File.Dispose();
            throw;
        }
    }

    /// <summary>Begins a file that counts once <see cref="PutInPlace"/> named it.</summary>
    public MetricFile BeginReplacement(long day, MetricTier tier, int generation)
    {
        var path = PathOf(MetricFile.NameOf(day, tier, generation));
        files.Delete(path + StoreFiles.TemporarySuffix);
        return new MetricFile(path, files.Open(path + StoreFiles.TemporarySuffix), day, tier, generation, []);
    }

    /// <summary>Gives files their names; they must be flushed.</summary>
    public void PutInPlace(IEnumerable<MetricFile> replacements)
    {
        foreach (var file in replacements) files.Rename(file.Path + StoreFiles.TemporarySuffix, file.Path);
        files.FlushFolder(folder);
    }

    /// <summary>Gives up a replacement.</summary>
    public void Abandon(MetricFile replacement)
    {
        replacement.File.Dispose();
        try
        {
            files.Delete(replacement.Path + StoreFiles.TemporarySuffix);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next start deletes it.
        }
    }

    /// <summary>Removes a file; those who read it may go on.</summary>
    public void Delete(MetricFile file)
    {
        files.Delete(file.Path);
        files.FlushFolder(folder); // Else a power failure would bring it back, without what its day's other files know.
    }

    /// <summary>Keeps a file whose place another took, since something in it could not be read.</summary>
    public void SetAsideDamaged(MetricFile file, string what)
    {
        SetAside.Rename(files, file.Path);
        counters.Add("metric_files_damaged", MetricDay.ToText(file.Day));
        settings.OnTrouble(string.Create(CultureInfo.InvariantCulture,
            $"The metric file {file.Path} is damaged: {what}. What could be read of it is used, and metrics of {MetricDay.ToText(file.Day)} may have gaps; nothing else is concerned. It is kept as {Path.GetFileName(file.Path)}{SetAside.Suffix} and can be deleted. Check the disk."));
    }

    string PathOf(string name) => Path.Combine(folder, name);

    /// <summary>Null when there is nothing in it that can be used.</summary>
    MetricFile? OpenWhole(string name, (long Day, MetricTier Tier, int Generation) parsed)
    {
        var path = PathOf(name);
        StoreFile? opened = null;
        try
        {
            opened = files.Open(path);
            return Scan(new MetricFile(path, opened, parsed.Day, parsed.Tier, parsed.Generation, []));
        }
        catch (NotSupportedException newer)
        {
            opened?.Dispose();
            throw new NotSupportedException($"The metric file {path} cannot be used: {newer.Message}. Start that version, or give this one a folder of its own with --data DIR. Nothing was changed.", newer);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            opened?.Dispose();
            counters.Add("metric_files_damaged", MetricDay.ToText(parsed.Day));
            settings.OnTrouble($"The metric file {path} cannot be read: {failure.Message} Metrics of {MetricDay.ToText(parsed.Day)} may be missing; nothing else is concerned. Check the disk and the file's permissions.");
            return null;
        }
    }

    MetricFile? Scan(MetricFile file)
    {
        var length = file.File.Length;
        var blocks = new List<MetricBlock>();
        var hasHole = false;
        var at = 0L;
        while (at < length)
        {
            if (BlockAt(file.File, at, length) is { } block)
            {
                blocks.Add(block);
                at = block.EndOffset;
                continue;
            }
            if (FindBlock(file.File, at + 1, length) is not { } next) break;
            hasHole = true;
            at = next;
        }
        file = file with { Blocks = blocks };
        if (hasHole || (at < length && file.Tier != MetricTier.Raw)) return Rescue(file, string.Create(CultureInfo.InvariantCulture, $"{length - blocks.Sum(block => block.Header.ByteCount)} of {length} bytes cannot be read"));
        if (at < length)
        {
            counters.Add("metric_torn_tails");
            file.File.SetLength(at); // What was being appended; the log has it.
            file.File.Flush();
        }
        if (blocks.Count > 0) return file;
        file.File.Dispose();
        files.Delete(file.Path);
        return null;
    }

    static MetricBlock? BlockAt(StoreFile file, long at, long length)
    {
        var bytes = new byte[MetricBlockHeader.Bytes];
        if (file.Read(at, bytes) < bytes.Length || MetricBlockHeader.Decode(bytes) is not { DataBytes: >= 0, DirectoryBytes: >= 0 } header) return null;
        return header.ByteCount <= length - at ? new MetricBlock(file, at, header) : null;
    }

    static long? FindBlock(StoreFile file, long from, long length)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(magic, MetricBlockHeader.Magic);
        var buffer = new byte[1 << 20];
        for (var at = from; at < length; at += buffer.Length - sizeof(uint))
        {
            var part = buffer.AsSpan(0, file.Read(at, buffer));
            for (var within = 0; part[within..].IndexOf(magic) is >= 0 and var found; within += found + 1)
                if (BlockAt(file, at + within + found, length) is not null) return at + within + found;
            if (part.Length < buffer.Length) break;
        }
        return null;
    }

    /// <summary>Copies the blocks of a damaged file to one that takes its place, and keeps the damaged one beside.</summary>
    MetricFile? Rescue(MetricFile damaged, string what)
    {
        MetricFile? rescued = null;
        if (damaged.Blocks.Count > 0)
        {
            rescued = BeginReplacement(damaged.Day, damaged.Tier, damaged.Generation + 1);
            foreach (var block in damaged.Blocks)
            {
                var bytes = new byte[1 << 20];
                var to = rescued.ByteCount;
                for (var done = 0L; done < block.Header.ByteCount;)
                {
                    var read = damaged.File.Read(block.Offset + done, bytes.AsSpan(0, (int)Math.Min(bytes.Length, block.Header.ByteCount - done)));
                    if (read == 0) throw new IOException($"{damaged.Path} became shorter while it was read.");
                    rescued.File.Write(to + done, bytes.AsSpan(0, read));
                    done += read;
                }
                rescued = rescued.With(new MetricBlock(rescued.File, to, block.Header));
            }
            rescued.File.Flush();
            PutInPlace([rescued]);
        }
        damaged.File.Dispose();
        SetAsideDamaged(damaged, what);
        return rescued;
    }
}

using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.LiteDb;
using Apm.Storage.Traces.Blocks;
using LiteDB;

namespace Apm.Storage.Traces;

/// <summary>
/// The blocks of all slices as documents, so that a start need not read the slices. The slices are the truth: entries may
/// be missing, and the whole file may be thrown away.
/// </summary>
/// <remarks>One thread.</remarks>
sealed class TraceCatalogue : IDisposable
{
    const string Collection = "blocks";
    const string Slice = "slice";
    const string Check = "check";

    /// <summary>Documents of one write; with their filters some hundred kilobytes.</summary>
    const int ChangesPerWrite = 64;

    /// <summary>Entries that wait while the catalogue cannot be written; more are left for the next start to find.</summary>
    const int MaxWaiting = 4_096;

    readonly TraceStoreSettings _settings;
    readonly Counters _counters;
    readonly LiteDatabaseFile? _database;
    readonly List<LiteChange> _waiting = [];

    TraceCatalogue(LiteDatabaseFile? database, TraceStoreSettings settings, Counters counters)
    {
        _database = database;
        _settings = settings;
        _counters = counters;
    }

    /// <summary>Opens the catalogue. One that cannot be read is renamed and begun anew; when that fails too, the store goes without.</summary>
    public static TraceCatalogue Open(string path, TraceStoreSettings settings, StoreFiles files, TimeProvider clock, Counters counters, out IReadOnlyList<BsonDocument> entries)
    {
        for (var attempt = 0; attempt < 2; attempt++)
        {
            LiteDatabaseFile? database = null;
            try
            {
                database = new LiteDatabaseFile(path, [new LiteCollectionShape(Collection, Slice)], settings.Catalogue, files, clock, counters);
                entries = database.FindAll(Collection);
                return new TraceCatalogue(database, settings, counters);
            }
            catch (Exception failure) when (failure is StoreUnavailableException or IOException or UnauthorizedAccessException)
            {
                database?.Dispose();
                counters.Add("trace_catalogue_failures");
                settings.OnTrouble($"The catalogue of traces {path} cannot be read ({failure.Message}). It is set aside as {path}.broken and made anew from the slices; no trace is lost.");
                SetAside.Rename(files, path);
                SetAside.Rename(files, LiteDatabaseFile.LogPathOf(path));
            }
        }
        entries = [];
        return new TraceCatalogue(null, settings, counters);
    }

    public void Enter(StoredBlock block)
    {
        if (_waiting.Count < MaxWaiting) _waiting.Add(LiteChange.Upsert(Collection, ToDocument(block)));
    }

    public void Remove(SliceBlocks slice)
    {
        for (var i = 0; i < slice.Count; i++) Remove(IdOf(slice.File.Name, slice[i].Offset));
    }

    public void Remove(BsonValue id) => _waiting.Add(LiteChange.Remove(Collection, id));

    /// <summary>Writes what waits, once it is enough. A failure is counted, and what waits is written with a later call.</summary>
    public void Save(bool everything)
    {
        if (_database is null)
        {
            _waiting.Clear();
            return;
        }
        while (_waiting.Count > 0 && (everything || _waiting.Count >= _settings.CatalogueBatchBlocks))
        {
            var count = Math.Min(ChangesPerWrite, _waiting.Count);
            try
            {
                _database.Write([.. _waiting.Take(count)]);
            }
            catch (StoreUnavailableException)
            {
                _counters.Add("trace_catalogue_failures");
                return;
            }
            _waiting.RemoveRange(0, count);
        }
    }

    static BsonValue IdOf(string slice, long offset) => string.Create(CultureInfo.InvariantCulture, $"{slice}:{offset:D12}");

    static BsonDocument ToDocument(StoredBlock block)
    {
        var info = block.Info;
        var entry = new BsonDocument
        {
            ["_id"] = IdOf(block.Slice.Name, block.Offset),
            [Slice] = block.Slice.Name,
            ["offset"] = block.Offset,
            ["bytes"] = info.ByteCount,
            ["headerBytes"] = info.HeaderBytes,
            ["spans"] = info.SpanCount,
            ["traces"] = info.TraceCount,
            ["startMin"] = info.StartUnixNanosMin,
            ["startMax"] = info.StartUnixNanosMax,
            ["durationMin"] = info.DurationNanosMin,
            ["durationMax"] = info.DurationNanosMax,
            ["covered"] = info.CoveredUpTo.Number,
            ["written"] = info.WrittenUnixNanos,
            ["services"] = info.Services is null ? BsonValue.Null : new BsonArray(info.Services.Select(service => new BsonValue(service))),
            ["traceFilter"] = block.TraceFilter is null ? BsonValue.Null : block.TraceFilter.Bytes.ToArray(),
            ["content"] = (int)info.Content,
        };
        entry[Check] = (long)ChecksumOf(entry);
        return entry;
    }

    /// <summary>LiteDB has no checksums of its own, and a filter with a wrong bit would hide a trace for good.</summary>
    static uint ChecksumOf(BsonDocument entry)
    {
        var bytes = new ByteWriter(256);
        bytes.Bytes(Encoding.UTF8.GetBytes(entry[Slice].AsString));
        foreach (var name in Numbers) bytes.Int64(entry[name].AsInt64);
        if (!entry["services"].IsNull)
        {
            foreach (var service in entry["services"].AsArray)
            {
                bytes.Bytes(Encoding.UTF8.GetBytes(service.AsString));
                bytes.Byte(0);
            }
        }
        var checksum = Checksum.Of(bytes.Written);
        return entry["traceFilter"].IsNull ? checksum : Checksum.Then(checksum, entry["traceFilter"].AsBinary);
    }

    static readonly string[] Numbers =
    [
        "offset", "bytes", "headerBytes", "spans", "traces", "startMin", "startMax", "durationMin", "durationMax", "covered", "written", "content",
    ];

    public static string SliceOf(BsonDocument entry) => entry[Slice] is { IsString: true } name ? name.AsString : "";

    /// <summary>Null when the document is not one of ours, or not as it was written: then the block itself is read.</summary>
    public static StoredBlock? ToBlock(SliceFile slice, BsonDocument entry)
    {
        try
        {
            if (!entry[Check].IsNumber || entry[Check].AsInt64 != ChecksumOf(entry)) return null;
            var services = entry["services"];
            var info = new BlockInfo
            {
                ByteCount = entry["bytes"].AsInt32,
                HeaderBytes = entry["headerBytes"].AsInt32,
                SpanCount = entry["spans"].AsInt32,
                TraceCount = entry["traces"].AsInt32,
                StartUnixNanosMin = entry["startMin"].AsInt64,
                StartUnixNanosMax = entry["startMax"].AsInt64,
                DurationNanosMin = entry["durationMin"].AsInt64,
                DurationNanosMax = entry["durationMax"].AsInt64,
                CoveredUpTo = new LogPosition(entry["covered"].AsInt64),
                WrittenUnixNanos = entry["written"].AsInt64,
                Content = (BlockContent)entry["content"].AsInt32,
                Services = services.IsNull ? null : [.. services.AsArray.Select(service => string.Intern(service.AsString))],
            };
            return new StoredBlock(slice, entry["offset"].AsInt64, info, entry["traceFilter"].IsNull ? null : BloomFilter.FromBytes(entry["traceFilter"].AsBinary));
        }
        catch (Exception failure) when (failure is InvalidCastException or BlockDamagedException or NullReferenceException or OverflowException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        Save(everything: true);
        _database?.Dispose();
    }
}

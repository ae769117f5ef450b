using System.Buffers.Binary;
using Apm.Core.Errors;
using Apm.Core.Stats;

namespace Apm.Storage.Stats;

/// <summary>
/// One bucket as it is stored, with its keys and counts at hand and its sketches still encoded:
/// a filter skips a cell without touching its sketches, and a day of buckets fits into memory.
/// </summary>
/// <remarks>
/// <c>docs/formats/stats-segment.md</c> shows the bytes. Immutable, so any thread may read.
/// </remarks>
sealed class StoredBucket : IStoredSketches
{
    const int CountsPerCell = 4;

    readonly byte[] _bytes;
    readonly StatsKey[] _keys;
    readonly double[] _counts;
    readonly int[] _sketchOffsets;
    readonly KeyValuePair<IssueCountKey, long>[] _issues = [];

    /// <param name="bytes">The payload of one record, kept.</param>
    /// <param name="keys">Gives the one instance of equal keys; null to keep each.</param>
    /// <exception cref="InvalidDataException">The bytes are not a bucket.</exception>
    public StoredBucket(byte[] bytes, StatsKeyPool? keys)
    {
        _bytes = bytes;
        var reader = new StatsByteReader(bytes);
        StartUnixNanos = reader.ReadSigned();
        WidthNanos = reader.ReadSigned();
        var texts = new string[reader.ReadNumberOf(leastBytesEach: 1)];
        for (var i = 0; i < texts.Length; i++) texts[i] = reader.ReadText();
        var count = reader.ReadNumberOf(leastBytesEach: 18);
        _keys = new StatsKey[count];
        _counts = new double[count * CountsPerCell];
        _sketchOffsets = new int[count];
        for (var i = 0; i < count; i++)
        {
            var key = ReadKey(ref reader, texts);
            _keys[i] = keys?.Same(key) ?? key;
            for (var j = 0; j < CountsPerCell; j++) _counts[i * CountsPerCell + j] = reader.ReadCount();
            var length = reader.ReadNumberOf(leastBytesEach: 1);
            _sketchOffsets[i] = reader.Offset;
            reader.ReadRaw(length);
        }
        if (reader.AtEnd) return; // Written before issues were counted.
        _issues = new KeyValuePair<IssueCountKey, long>[reader.ReadNumberOf(leastBytesEach: 11)];
        for (var i = 0; i < _issues.Length; i++)
        {
            var issue = new IssueId(BinaryPrimitives.ReadUInt64LittleEndian(reader.ReadRaw(8)));
            var key = new IssueCountKey(issue, ReadText(ref reader, texts), ReadText(ref reader, texts));
            _issues[i] = new(key, (long)Math.Min(reader.ReadVarint(), long.MaxValue));
        }
        if (!reader.AtEnd) throw reader.Broken();
    }

    public long StartUnixNanos { get; }

    public long WidthNanos { get; }

    public int CellCount => _keys.Length;

    /// <summary>Errors by issue.</summary>
    public IReadOnlyList<KeyValuePair<IssueCountKey, long>> Issues => _issues;

    /// <summary>About how much memory it takes.</summary>
    public long MemoryBytes => 200 + _bytes.Length + _keys.Length * 44L + _issues.Length * 32L;

    public StatsKey KeyAt(int index) => _keys[index];

    /// <summary>A new cell, whose sketches are read on demand.</summary>
    public StatsCell CellAt(int index) => new(this, index)
    {
        HitCount = _counts[index * CountsPerCell],
        TopLevelHitCount = _counts[index * CountsPerCell + 1],
        ErrorCount = _counts[index * CountsPerCell + 2],
        DurationNanos = _counts[index * CountsPerCell + 3],
    };

    public DDSketch ReadOkNanos(int index)
    {
        var reader = new StatsByteReader(_bytes.AsSpan(_sketchOffsets[index]));
        return ReadSketch(ref reader);
    }

    public DDSketch ReadErrorNanos(int index)
    {
        var reader = new StatsByteReader(_bytes.AsSpan(_sketchOffsets[index]));
        ReadSketch(ref reader);
        return ReadSketch(ref reader);
    }

    /// <summary>A bucket that can be added to.</summary>
    public StatsBucket ToBucket()
    {
        var bucket = new StatsBucket(StartUnixNanos, WidthNanos);
        AddTo(bucket);
        return bucket;
    }

    /// <summary>Adds all cells to a bucket.</summary>
    public void AddTo(StatsBucket bucket)
    {
        for (var i = 0; i < _keys.Length; i++) bucket.CellOf(_keys[i]).Merge(CellAt(i));
        foreach (var (key, count) in _issues) bucket.AddIssue(key, count);
    }

    /// <summary>The payload of a bucket's record.</summary>
    public static byte[] Encode(StatsBucket bucket)
    {
        var texts = new Dictionary<string, int>(StringComparer.Ordinal);
        var cells = new StatsByteWriter();
        var sketches = new StatsByteWriter();
        cells.WriteVarint((ulong)bucket.Cells.Count);
        foreach (var (key, cell) in bucket.Cells)
        {
            WriteKey(cells, key, texts);
            cells.WriteCount(cell.HitCount);
            cells.WriteCount(cell.TopLevelHitCount);
            cells.WriteCount(cell.ErrorCount);
            cells.WriteCount(cell.DurationNanos);
            sketches.Clear();
            WriteSketch(sketches, cell.OkNanos);
            WriteSketch(sketches, cell.ErrorNanos);
            cells.WriteBlob(sketches.Written);
        }
        if (bucket.Issues.Count > 0) WriteIssues(cells, bucket, texts);

        var bytes = new StatsByteWriter();
        bytes.WriteSigned(bucket.StartUnixNanos);
        bytes.WriteSigned(bucket.WidthNanos);
        bytes.WriteVarint((ulong)texts.Count);
        foreach (var text in texts.Keys) bytes.WriteText(text); // A dictionary that only grows keeps the order of its entries.
        bytes.WriteRaw(cells.Written);
        return bytes.Written.ToArray();
    }

    static void WriteIssues(StatsByteWriter bytes, StatsBucket bucket, Dictionary<string, int> texts)
    {
        bytes.WriteVarint((ulong)bucket.Issues.Count);
        Span<byte> id = stackalloc byte[8];
        foreach (var (key, count) in bucket.Issues)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(id, key.Issue.Value);
            bytes.WriteRaw(id);
            foreach (var text in (ReadOnlySpan<string>)[key.Env, key.Version])
            {
                if (!texts.TryGetValue(text, out var number)) texts.Add(text, number = texts.Count);
                bytes.WriteVarint((ulong)number);
            }
            bytes.WriteVarint((ulong)count);
        }
    }

    static void WriteKey(StatsByteWriter bytes, StatsKey key, Dictionary<string, int> texts)
    {
        foreach (var text in (ReadOnlySpan<string>)[
            key.Service, key.Name, key.Resource, key.Type, key.Env, key.Version, key.Hostname, key.Kind,
            key.GrpcStatusCode, key.PeerTags, key.HttpMethod, key.HttpEndpoint])
        {
            if (!texts.TryGetValue(text, out var number)) texts.Add(text, number = texts.Count);
            bytes.WriteVarint((ulong)number);
        }
        bytes.WriteSigned(key.HttpStatusCode);
        bytes.WriteVarint((key.IsTraceRoot ? 1UL : 0) | (key.IsSynthetics ? 2UL : 0));
    }

    static StatsKey ReadKey(ref StatsByteReader reader, string[] texts) => new()
    {
        Service = ReadText(ref reader, texts),
        Name = ReadText(ref reader, texts),
        Resource = ReadText(ref reader, texts),
        Type = ReadText(ref reader, texts),
        Env = ReadText(ref reader, texts),
        Version = ReadText(ref reader, texts),
        Hostname = ReadText(ref reader, texts),
        Kind = ReadText(ref reader, texts),
        GrpcStatusCode = ReadText(ref reader, texts),
        PeerTags = ReadText(ref reader, texts),
        HttpMethod = ReadText(ref reader, texts),
        HttpEndpoint = ReadText(ref reader, texts),
        HttpStatusCode = (int)Math.Clamp(reader.ReadSigned(), int.MinValue, int.MaxValue),
        IsTraceRoot = (ReadFlags(ref reader, out var flags) & 1) != 0,
        IsSynthetics = (flags & 2) != 0,
    };

    static ulong ReadFlags(ref StatsByteReader reader, out ulong flags) => flags = reader.ReadVarint();

    static string ReadText(ref StatsByteReader reader, string[] texts)
    {
        var number = reader.ReadVarint();
        return number < (ulong)texts.Length ? texts[number] : throw reader.Broken();
    }

    static void WriteSketch(StatsByteWriter bytes, DDSketch sketch)
    {
        bytes.WriteCount(sketch.ZeroCount);
        var bins = sketch.Bins;
        var used = bins.Length;
        foreach (var bin in bins)
            if (bin == 0) used--;
        bytes.WriteVarint((ulong)used);
        var last = 0;
        for (var i = 0; i < bins.Length; i++)
        {
            if (bins[i] == 0) continue;
            bytes.WriteSigned(sketch.FirstIndex + i - last);
            bytes.WriteCount(bins[i]);
            last = sketch.FirstIndex + i;
        }
    }

    static DDSketch ReadSketch(ref StatsByteReader reader)
    {
        var sketch = new DDSketch();
        sketch.AddZeros(reader.ReadCount());
        var index = 0L;
        for (var left = reader.ReadNumberOf(leastBytesEach: 2); left > 0; left--)
        {
            index = Math.Clamp(index + reader.ReadSigned(), -MaxIndex, MaxIndex);
            sketch.AddToBin((int)index, reader.ReadCount());
        }
        return sketch;
    }

    /// <summary>Beyond the index of any double.</summary>
    const int MaxIndex = 100_000;
}

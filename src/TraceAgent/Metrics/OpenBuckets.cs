using System.Text.Json;
using Apm.Core.Counting;
using Apm.Wire.DogStatsD;

namespace Apm.TraceAgent.Metrics;

/// <summary>What was summed up of a bucket that is still open, in a form that can be stored.</summary>
public sealed record OpenBucket
{
    /// <summary>When the bucket began.</summary>
    public long UnixSeconds { get; init; }

    /// <summary>Of the hashes of sets' values.</summary>
    public ulong SetSeed { get; init; }

    public IReadOnlyList<OpenCell> Cells { get; init; } = [];
}

/// <summary>The sums of one context; of counters, histograms and sets only. A gauge's last value and a distribution's sketch need not be known: the store takes the later value, and merges sketches.</summary>
public sealed record OpenCell
{
    public string Metric { get; init; } = "";
    public IReadOnlyList<string> Tags { get; init; } = [];
    public StatsdType Type { get; init; }

    /// <summary>Of a counter.</summary>
    public double Value { get; init; }

    /// <summary>Of a histogram or timer; null for others.</summary>
    public SavedHistogram? Histogram { get; init; }

    /// <summary>Of a set, the hashes of its values; null for others.</summary>
    public IReadOnlyList<ulong>? SetValues { get; init; }
}

/// <summary>
/// Keeps what was summed up of the open bucket over a restart, in a file of its own: a hundred thousand contexts are ten megabytes, which must not hold
/// a stop up. At the end the bucket's points are written as far as they go; who starts again within the same ten seconds goes on from the sums,
/// and its points take the place of the first ones. So the numbers are right as if nothing had been.
/// </summary>
/// <param name="path">Of the file.</param>
/// <remarks>One thread at a time. What cannot be kept or read is counted in <c>dogstatsd_open_bucket_failures</c>; then the points of the second half replace those of the first.</remarks>
sealed class OpenBuckets(string path, Counters counters, SparseProblems problems)
{
    /// <summary>Most numbers of histograms and sets that are kept, a context counting as one; some 20 MB. Contexts beyond are not kept and counted in <c>dogstatsd_open_bucket_failures{too_many}</c>.</summary>
    public const int MaxNumbers = 1_000_000;

    const long MaxFileBytes = 268_435_456;

    /// <summary>Keeps a bucket in place of any other; null keeps none.</summary>
    public void Save(ClosedBucket? bucket, ulong setSeed)
    {
        try
        {
            var cells = bucket is null ? [] : Saved(bucket);
            if (cells.Count == 0)
            {
                File.Delete(path);
                return;
            }
            var written = path + ".new";
            using (var file = new FileStream(written, FileMode.Create, FileAccess.Write))
            {
                JsonSerializer.Serialize(file, new OpenBucket { UnixSeconds = bucket!.UnixSeconds, SetSeed = setSeed, Cells = cells });
                file.Flush(flushToDisk: true);
            }
            File.Move(written, path, overwrite: true); // Whole, or the one before.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            counters.Add("dogstatsd_open_bucket_failures", "write");
            problems.Add(() => $"What DogStatsD summed up since the last ten seconds began could not be kept over the restart: {failure.Message} The counts of these seconds will be low.");
        }
    }

    /// <summary>The bucket that is open at a time; null when it was not kept. It stays stored: who is killed may need it again.</summary>
    public OpenBucket? Read(long nowUnixSeconds)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true, Length: <= MaxFileBytes }) return null;
            using var file = File.OpenRead(path);
            if (JsonSerializer.Deserialize<OpenBucket>(file) is not { Cells: not null } kept || kept.UnixSeconds != nowUnixSeconds - nowUnixSeconds % DogStatsDAggregator.BucketSeconds) return null;
            return kept with { Cells = [.. kept.Cells.Where(static cell => cell is { Metric.Length: > 0, Tags: not null })] };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            counters.Add("dogstatsd_open_bucket_failures", "read");
            problems.Add(() => $"What DogStatsD summed up before the restart cannot be read: {failure.Message} The counts of these ten seconds will be low.");
            return null;
        }
    }

    List<OpenCell> Saved(ClosedBucket bucket)
    {
        var cells = new List<OpenCell>();
        var numbers = 0L;
        foreach (var cell in bucket.Cells)
        {
            if (Saved(cell) is not { } saved) continue;
            numbers += 1 + (saved.Histogram?.Weights.Count ?? 0) + (saved.SetValues?.Count ?? 0);
            if (numbers > MaxNumbers) counters.Add("dogstatsd_open_bucket_failures", "too_many");
            else cells.Add(saved);
        }
        return cells;
    }

    /// <summary>Null when nothing of it needs to be known.</summary>
    static OpenCell? Saved(MetricCell cell)
    {
        var (key, type) = (cell.Context.Key, cell.Context.Type);
        var saved = new OpenCell { Metric = key.Metric, Tags = key.Tags, Type = type };
        return type switch
        {
            StatsdType.Counter when cell.HasValue && double.IsFinite(cell.Value) => saved with { Value = cell.Value },
            StatsdType.Histogram or StatsdType.Timer when cell.Histogram?.Save() is { } histogram => saved with { Histogram = histogram },
            StatsdType.Set when cell.SetValues is { Count: > 0 } values => saved with { SetValues = [.. values] },
            _ => null,
        };
    }
}

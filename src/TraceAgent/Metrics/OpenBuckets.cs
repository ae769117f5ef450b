using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Wire.DogStatsD;

namespace Apm.TraceAgent.Metrics;

/// <summary>What was summed up of a bucket that is still open, in a form that can be stored.</summary>
public sealed record OpenBucketPart
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
/// Keeps what was summed up of the open bucket over a restart. At the end the bucket's points are written as far as they go; who starts again within
/// the same ten seconds goes on from the sums, and its points take the place of the first ones. So the numbers are right as if nothing had been.
/// </summary>
/// <remarks>One thread at a time. What cannot be kept or read is counted in <c>dogstatsd_open_bucket_failures</c>; then the points of the second half replace those of the first.</remarks>
sealed class OpenBuckets(IDocumentStore documents, Counters counters, SparseProblems problems)
{
    /// <summary>Most contexts, and most numbers, of one document.</summary>
    const int PartCells = 2_000, PartNumbers = 50_000;

    /// <summary>Most documents: 100,000 contexts, or 2,500,000 numbers of histograms and sets. Contexts beyond are not kept and counted in <c>dogstatsd_open_bucket_failures{too_many}</c>.</summary>
    public const int MaxParts = 50;

    const string Collection = "dogstatsd_open_bucket";

    /// <summary>Keeps a bucket in place of any other; null keeps none.</summary>
    public void Save(ClosedBucket? bucket, ulong setSeed)
    {
        try
        {
            var parts = bucket is null ? [] : Parts(bucket);
            for (var i = 0; i < parts.Count; i++) documents.Store(Collection, IdOf(i), new OpenBucketPart { UnixSeconds = bucket!.UnixSeconds, SetSeed = setSeed, Cells = parts[i] });
            var next = parts.Count;
            while (documents.Remove(Collection, IdOf(next))) next++; // Those of an earlier end.
        }
        catch (StoreUnavailableException failure)
        {
            counters.Add("dogstatsd_open_bucket_failures", "store_unavailable");
            problems.Add(() => $"What DogStatsD summed up since the last ten seconds began could not be kept over the restart: {failure.Message} The counts of these seconds will be low.");
        }
    }

    /// <summary>The parts of the bucket that is open at a time; empty when none of it was kept. They stay stored: who is killed may need them again.</summary>
    public IReadOnlyList<OpenBucketPart> Read(long nowUnixSeconds)
    {
        try
        {
            var parts = documents.FindAll<OpenBucketPart>(Collection);
            var open = parts.Where(part => part.UnixSeconds == nowUnixSeconds - nowUnixSeconds % DogStatsDAggregator.BucketSeconds).ToList();
            if (open.Count == 0 && parts.Count > 0) Save(null, 0);
            return open;
        }
        catch (StoreUnavailableException failure)
        {
            counters.Add("dogstatsd_open_bucket_failures", "store_unavailable");
            problems.Add(() => $"What DogStatsD summed up before the restart cannot be read: {failure.Message} The counts of these ten seconds will be low.");
            return [];
        }
    }

    List<List<OpenCell>> Parts(ClosedBucket bucket)
    {
        var parts = new List<List<OpenCell>>();
        var numbers = 0;
        foreach (var cell in bucket.Cells)
        {
            if (Saved(cell) is not { } saved) continue;
            if (parts.Count == 0 || parts[^1].Count == PartCells || numbers > PartNumbers)
            {
                if (parts.Count == MaxParts)
                {
                    counters.Add("dogstatsd_open_bucket_failures", "too_many");
                    continue;
                }
                parts.Add([]);
                numbers = 0;
            }
            parts[^1].Add(saved);
            numbers += (saved.Histogram?.Weights.Count ?? 0) + (saved.SetValues?.Count ?? 0);
        }
        return parts;
    }

    /// <summary>Null when nothing of it needs to be known.</summary>
    static OpenCell? Saved(MetricCell cell)
    {
        var (key, type) = (cell.Context.Key, cell.Context.Type);
        var saved = new OpenCell { Metric = key.Metric, Tags = [.. key.Tags], Type = type };
        return type switch
        {
            StatsdType.Counter when cell.HasValue && double.IsFinite(cell.Value) => saved with { Value = cell.Value },
            StatsdType.Histogram or StatsdType.Timer when cell.Histogram?.Save() is { } histogram => saved with { Histogram = histogram },
            StatsdType.Set when cell.SetValues is { Count: > 0 } values => saved with { SetValues = [.. values] },
            _ => null,
        };
    }

    static string IdOf(int part) => part.ToString("00", CultureInfo.InvariantCulture);
}

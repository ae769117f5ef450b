using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.Wire.Datadog;

/// <summary>Statistics that a tracer computed itself (trace-intake §3.10). Texts are "" when absent.</summary>
public sealed record ClientStatsPayload
{
    public string Hostname { get; init; } = "";

    /// <summary>As it came; some tracers send <c>unknown-env</c> when none is set.</summary>
    public string Env { get; init; } = "";
    public string Version { get; init; } = "";

    /// <summary>Language as this route names it; Node says <c>javascript</c> here and <c>nodejs</c> elsewhere.</summary>
    public string Language { get; init; } = "";
    public string TracerVersion { get; init; } = "";
    public string RuntimeId { get; init; } = "";

    /// <summary>Counts the payloads of one runtime from 1; 0 when not sent.</summary>
    public ulong Sequence { get; init; }
    public string Service { get; init; } = "";
    public string ContainerId { get; init; } = "";

    /// <summary>Entries <c>k:v</c> joined by commas.</summary>
    public string ProcessTags { get; init; } = "";
    public IReadOnlyList<ClientStatsBucket> Buckets { get; init; } = [];

    /// <summary>
    /// The counts in our buckets of 10 s, in the order of their start; each group in the bucket that holds its bucket's start.
    /// Groups that our key does not tell apart are added up. The sketches are copies.
    /// </summary>
    /// <param name="normalize">Repairs a key's texts before groups are added up, or gives null to leave the group out; null leaves all as they came.</param>
    public IReadOnlyList<StatsBucket> ToBuckets(Func<StatsKey, StatsKey?>? normalize = null)
    {
        var buckets = new SortedDictionary<long, StatsBucket>();
        foreach (var from in Buckets)
        {
            var start = UnixTime.Floor(Math.Max(0, from.StartUnixNanos), StatsBucket.CountedWidthNanos);
            if (!buckets.TryGetValue(start, out var bucket)) buckets.Add(start, bucket = new StatsBucket(start, StatsBucket.CountedWidthNanos));
            foreach (var group in from.Groups)
            {
                var key = group.Key with { Env = Env, Version = Version, Hostname = Hostname };
                if ((normalize is null ? key : normalize(key)) is { } normal) bucket.CellOf(normal).Merge(group.Cell);
            }
        }
        return [.. buckets.Values];
    }
}

/// <summary>One span of time of a <see cref="ClientStatsPayload"/>.</summary>
/// <param name="StartUnixNanos">As the client says; not always a multiple of 10 s.</param>
/// <param name="DurationNanos">10 s from all known clients.</param>
/// <param name="TimeShiftNanos">How far an agent on the way moved the bucket; 0 from tracers.</param>
/// <param name="Groups">Counts by key.</param>
public sealed record ClientStatsBucket(long StartUnixNanos, long DurationNanos, long TimeShiftNanos, IReadOnlyList<ClientStatsGroup> Groups);

/// <summary>Counts of one key.</summary>
/// <param name="Key">Without env, version and host, which the payload says once.</param>
/// <param name="Cell">What was counted; durations re-entered into our own sketch.</param>
public sealed record ClientStatsGroup(StatsKey Key, StatsCell Cell);

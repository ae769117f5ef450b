using System.Diagnostics;

namespace Apm.Endurance.Fuzz;

/// <summary>Reads damaged bodies, one case per number: the same seed and number always make the same body.</summary>
public static class FuzzRun
{
    /// <summary>Most that reading and using one body of <see cref="BodyMutator.MaxBytes"/> may allocate. v1.0 alone may spell out 64 MiB by references.</summary>
    public const long MaxAllocatedBytes = 512L << 20;

    /// <summary>Longest one body may take; far above what any takes, even on a busy machine.</summary>
    public static TimeSpan MaxTime { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Runs the cases [first, first + count) of a seed on this thread.</summary>
    /// <param name="progress">Told the case number now and then; null for nobody.</param>
    public static FuzzResult Run(int seed, long first, long count, Action<long>? progress = null)
    {
        using var checks = new FuzzChecks();
        var targets = FuzzTargets.All(checks);
        var rows = targets.Select(target => new FuzzRow(target.Name)).ToArray();
        var failures = new List<FuzzFailure>();
        for (var number = first; number < first + count && failures.Count < 20; number++)
        {
            var at = (int)(number % targets.Count);
            var body = BodyOf(targets[at], seed, number);
            var row = rows[at];
            row.CaseCount++;
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var began = Stopwatch.GetTimestamp();
            try
            {
                if (targets[at].Read(body)) row.SoundCount++;
            }
            catch (Exception fault)
            {
                failures.Add(new FuzzFailure(targets[at].Name, number, body, fault.ToString()));
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            var took = Stopwatch.GetElapsedTime(began);
            row.MaxAllocatedBytes = Math.Max(row.MaxAllocatedBytes, allocated);
            if (took > row.MaxTime) row.MaxTime = took;
            if (allocated > MaxAllocatedBytes) failures.Add(new FuzzFailure(targets[at].Name, number, body, $"It allocated {allocated} bytes."));
            if (took > MaxTime) failures.Add(new FuzzFailure(targets[at].Name, number, body, $"It took {took.TotalSeconds:F1} s."));
            if (number % 50_000 == 0) progress?.Invoke(number);
        }
        return new FuzzResult(rows, failures, checks.SpanCount);
    }

    static byte[] BodyOf(FuzzTarget target, int seed, long number)
    {
        var chance = new Random(unchecked((seed * 16_777_619) ^ (int)(number * 2_654_435_761)));
        return chance.Next(24) == 0
            ? BodyMutator.RandomBytes(chance)
            : BodyMutator.Mutate(target.Bodies[chance.Next(target.Bodies.Count)], target.Bodies[chance.Next(target.Bodies.Count)], chance);
    }
}

/// <summary>What a run found.</summary>
/// <param name="Rows">One per target.</param>
/// <param name="Failures">At most 20 or so; then it ends.</param>
/// <param name="SpanCount">Spans that were counted, written as a block and read back.</param>
public sealed record FuzzResult(IReadOnlyList<FuzzRow> Rows, IReadOnlyList<FuzzFailure> Failures, long SpanCount);

/// <summary>The cases of one target.</summary>
public sealed class FuzzRow(string target)
{
    public string Target { get; } = target;
    public long CaseCount { get; set; }

    /// <summary>Bodies that were read all the same; the others were refused with a sentence.</summary>
    public long SoundCount { get; set; }
    public long MaxAllocatedBytes { get; set; }
    public TimeSpan MaxTime { get; set; }
}

/// <summary>A case that did not end as documented.</summary>
/// <param name="Number">Makes the body again, with the seed.</param>
public sealed record FuzzFailure(string Target, long Number, byte[] Body, string Fault)
{
    public override string ToString() => $"{Target}, case {Number}, {Body.Length} bytes {Convert.ToHexString(Body.AsSpan(0, Math.Min(Body.Length, 400)))}{(Body.Length > 400 ? "…" : "")}: {Fault}";
}

using System.Globalization;
using Apm.Core.Time;
using Apm.TraceAgent.Checks;

namespace Apm.Cli.Commands;

/// <summary>The part of <c>apm status</c> that tells of checks: one line an instance, what failed beneath, then what is wrong with the files.</summary>
static class CheckStatusText
{
    /// <summary>Most complaints printed; the others are counted.</summary>
    const int ShownComplaints = 10;

    public static void Print(CheckAgentStatus checks, long nowUnixNanos)
    {
        foreach (var line in Lines(checks, nowUnixNanos)) Console.WriteLine(line);
    }

    internal static IEnumerable<string> Lines(CheckAgentStatus checks, long nowUnixNanos)
    {
        yield return $"host {checks.Host}{(checks.HostTags.Count > 0 ? $" · {string.Join(", ", checks.HostTags)}" : "")}";
        var builtIn = checks.Instances.Where(instance => instance.Source == CheckPlan.BuiltIn && instance.Outcome is CheckOutcome.Ok or CheckOutcome.Waiting).ToList();
        var others = checks.Instances.Except(builtIn).ToList();
        if (builtIn.Count > 0) yield return $"checks built in: {string.Join(", ", builtIn.Select(instance => instance.Check))} every {string.Join(", ", builtIn.Select(instance => instance.IntervalSeconds).Distinct())} s, [OK]";
        foreach (var instance in others)
        {
            yield return Line(instance, nowUnixNanos);
            if (instance.Error.Length > 0) yield return $"    {instance.Error}";
            foreach (var warning in instance.Warnings.Take(3)) yield return $"    {warning}";
        }
        foreach (var complaint in checks.Complaints.Take(ShownComplaints))
            foreach (var line in $"{(complaint.IsError ? "error" : "warning")} {complaint}".Split('\n')) yield return line;
        if (checks.Complaints.Count > ShownComplaints) yield return $"{checks.Complaints.Count - ShownComplaints} more of such: apm status --json";
    }

    static string Line(CheckInstanceStatus instance, long nowUnixNanos)
    {
        var culture = CultureInfo.InvariantCulture;
        var word = instance.Outcome.ToString().ToUpperInvariant();
        var runs = instance.RunCount == 0 ? "" : string.Create(culture, $" · {instance.RunCount} runs{(instance.ErrorCount > 0 ? $", {instance.ErrorCount} failed" : "")}{(instance.SkippedCount > 0 ? $", {instance.SkippedCount} left out" : "")} · last {Seconds(nowUnixNanos - instance.LastRunUnixNanos)} s ago: {instance.Last.MetricSampleCount} numbers");
        var next = instance.IsRunning ? " · running" : string.Create(culture, $" · next in {Math.Max(0, Seconds(instance.NextRunUnixNanos - nowUnixNanos))} s");
        return string.Create(culture, $"check {instance.Id} [{word}] every {instance.IntervalSeconds} s{runs}{next} · {instance.Source}");
    }

    static long Seconds(long nanos) => nanos / UnixTime.NanosPerSecond;
}

using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Query.Metrics;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>What a monitor compared, drawn: a line per group, thresholds across, states as shades behind. Pure.</summary>
public static class ReplayChart
{
    /// <summary>Most groups drawn; default 10, those that were in trouble for longest. The chart says how many there are.</summary>
    public const int MaxDrawn = 10;

    const int Colors = 12;

    /// <summary>A chart without a series when nothing that is a number was compared.</summary>
    public static ChartData Of(KnownRule known, ReplayResult replay)
    {
        var (unit, scale) = UnitOf(known.Query);
        var drawn = replay.Groups.Where(group => group.Values.Any(value => value is not null)).Take(MaxDrawn).ToList();
        var valued = replay.Groups.Count(group => group.Values.Any(value => value is not null));
        var count = drawn.Count == 0 ? 0 : drawn.Max(group => group.Values.Count);
        var step = replay.SlotSeconds * 1000L;
        return new ChartData
        {
            Unit = unit,
            Scale = scale,
            FromMs = replay.FromUnixSeconds * 1000,
            ToMs = Math.Max(replay.ToUnixSeconds, replay.FromUnixSeconds + 60) * 1000,
            StepMs = step,
            Times = [.. Enumerable.Range(0, count).Select(i => replay.FromUnixSeconds * 1000 + i * step)],
            Series = [.. drawn.Select((group, i) => new ChartSeries(drawn.Count == 1 && group.Group == "*" ? "compared" : group.Group, "s" + (i % Colors).ToString(CultureInfo.InvariantCulture), "line", ChartSeries.Values4(group.Values.Select(value => value * scale ?? double.NaN))) { BridgedSeconds = replay.SlotSeconds > 300 ? null : 300 })],
            Levels = LevelsOf(known, unit, scale),
            Shades = ShadesOf(replay),
            WindowMs = known.Query is { WindowSeconds: > 0 and var window } ? window * 1000 : null,
            Complete = valued <= MaxDrawn && replay.StoppedReason.Length == 0,
            Note = valued > MaxDrawn ? $"{MaxDrawn} of {valued} groups, those that were in trouble for longest." : null,
            Summary = drawn.Count == 0 ? "No number was compared in this time." : $"What was compared, {(replay.SlotSeconds > 60 ? $"of each {replay.SlotSeconds / 60} minutes the value nearest to an alert" : "each minute")}",
        };
    }

    /// <summary>The unit of what is compared, and what it is multiplied by to be in it.</summary>
    public static (string Unit, double Scale) UnitOf(MonitorQuery? query) => query switch
    {
        MetricMonitorQuery { Algorithm: null, Change: null } metric when metric.Query is Apm.Query.Language.MetricQuery one && TraceMetricName.Of(one.Metric) is { Measure: TraceMeasure.Durations } => ("duration", 1e9),
        SearchMonitorQuery { Source: SearchMonitorQuery.Spans } search when search.Method is not ("count" or "cardinality") && search.Measure.TrimStart('@') == "duration" => ("duration", 1),
        _ => ("number", 1),
    };

    static List<ChartLevel>? LevelsOf(KnownRule known, string unit, double scale)
    {
        if (known.Query?.Condition is not { } condition) return null;
        var (thresholds, levels) = (known.Rule.Options.Thresholds, new List<ChartLevel>());
        void Add(double? at, string color, string word, bool isDashed)
        {
            if (at is { } value) levels.Add(new ChartLevel(value * scale, value * scale, color, $"{word} {condition.Comparison} {Text(value)}", isDashed));
        }
        Add(thresholds.Critical ?? condition.Threshold, "error", "alert", isDashed: false);
        Add(thresholds.Warning, "warn", "warning", isDashed: false);
        if (thresholds.CriticalRecovery is { } over) levels.Add(new ChartLevel(over * scale, over * scale, "ok", $"over at {Text(over)}", Dash: true));
        return levels;

        // As the axis has it: a threshold of seconds stands beside 800 ms.
        string Text(double value) => unit == "duration" ? Figure.Duration(value * scale) : value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>At each time the worst state of all groups; OK is left white.</summary>
    static List<ChartShade> ShadesOf(ReplayResult replay)
    {
        var edges = replay.Groups.SelectMany(group => group.Spans).SelectMany(span => new[] { span.FromUnixSeconds, span.ToUnixSeconds }).Distinct().Order().ToList();
        var next = new int[replay.Groups.Count];
        var shades = new List<ChartShade>();
        for (var i = 0; i + 1 < edges.Count; i++)
        {
            var (from, to) = (edges[i], edges[i + 1]);
            MonitorState? worst = null;
            var isMuted = false;
            for (var g = 0; g < replay.Groups.Count; g++)
            {
                var spans = replay.Groups[g].Spans;
                while (next[g] < spans.Count && spans[next[g]].ToUnixSeconds <= from) next[g]++;
                if (next[g] == spans.Count || spans[next[g]].FromUnixSeconds > from) continue;
                if (worst is null || spans[next[g]].State.Gravity() > worst.Value.Gravity()) worst = spans[next[g]].State;
                isMuted |= spans[next[g]].IsMuted;
            }
            var color = worst switch { MonitorState.Alert => "error", MonitorState.Warn or MonitorState.Unknown => "warn", MonitorState.NoData => "no-data", _ => null };
            if (color is not null) Add(from, to, color, worst!.Value.Word());
            if (isMuted) Add(from, to, "muted", "muted");
        }
        return shades;

        void Add(long from, long to, string color, string text)
        {
            var last = shades.FindLastIndex(shade => shade.Color == color);
            if (last >= 0 && shades[last].ToMs == from * 1000) shades[last] = shades[last] with { ToMs = to * 1000 };
            else shades.Add(new ChartShade(from * 1000, to * 1000, color, text));
        }
    }
}

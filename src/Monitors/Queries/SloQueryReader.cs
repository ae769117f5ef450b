using Apm.Core.Slos;
using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>
/// Reads <c>burn_rate("id").over("30d").long_window("1h").short_window("5m") > 14.4</c> and <c>error_budget("id").over("7d") > 75</c>
/// (metrics-monitors §6.1).
/// </summary>
static class SloQueryReader
{
    static readonly string[] s_kinds = [SloMonitorQuery.BurnRate, SloMonitorQuery.ErrorBudget];
    static readonly string[] s_burnCalls = ["over", "long_window", "short_window"];
    static readonly string[] s_budgetCalls = ["over"];

    /// <summary>Longest long window, in seconds; Datadog's figure, 48 hours.</summary>
    const long LongestSeconds = 2 * 86_400;

    /// <exception cref="MonitorQueryException">The text is no such query.</exception>
    public static SloMonitorQuery Read(MonitorTextReader reader)
    {
        var kind = reader.Word(out var kindAt);
        if (!s_kinds.Contains(kind))
        {
            reader.At = kindAt.Start;
            throw reader.Unexpected("burn_rate(\"ID\") or error_budget(\"ID\")");
        }
        reader.Take("(", $"after {kind}");
        var id = reader.Quoted(out var idAt) ?? throw reader.Unexpected("the id of an objective in quotes");
        if (id.Length == 0) throw new MonitorQueryException($"The id at column {idAt.Column} is empty. Write the one that GET /api/v1/slo gives.", idAt);
        reader.Take(")", "after the id");
        var isBurnRate = kind == SloMonitorQuery.BurnRate;
        var chain = CallChain.Read(reader, isBurnRate ? s_burnCalls : s_budgetCalls);
        var over = chain.Needed("over", ".over(\"30d\")", reader).Single(".over(\"30d\")");
        var days = SloTarget.AllDays.FirstOrDefault(known => over.Text == $"{known}d");
        if (days == 0) throw new MonitorQueryException($"\"{over.Text}\" at column {over.At.Column} is no window of an objective. There are: {string.Join(", ", SloTarget.AllDays.Select(known => known + "d"))}.", over.At);
        if (!isBurnRate) return new SloMonitorQuery(kind, id, days, null, null, reader.Condition());
        var (longer, shorter) = (Window(chain, "long_window", "1h", reader), Window(chain, "short_window", "5m", reader));
        if (shorter.Window.LengthSeconds >= longer.Window.LengthSeconds)
            throw new MonitorQueryException($"The short window ({shorter.Window.LengthText}) at column {shorter.At.Column} must be shorter than the long one ({longer.Window.LengthText}). A twelfth of it is usual.", shorter.At);
        return new SloMonitorQuery(kind, id, days, longer.Window, shorter.Window, reader.Condition());
    }

    static (MonitorWindow Window, TextRange At) Window(CallChain chain, string name, string example, MonitorTextReader reader)
    {
        var given = chain.Needed(name, $".{name}(\"{example}\")", reader).Single($".{name}(\"{example}\")");
        var window = MonitorWindow.OfLength(WindowKind.Last, given.Text) ?? throw new MonitorQueryException($"\"{given.Text}\" at column {given.At.Column} is no length of time, such as {example}.", given.At, example);
        return window.LengthSeconds <= LongestSeconds ? (window, given.At) : throw new MonitorQueryException($"\"{given.Text}\" at column {given.At.Column} is too long: 48h is the most.", given.At, "48h");
    }
}

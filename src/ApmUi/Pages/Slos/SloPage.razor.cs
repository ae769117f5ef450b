using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Schedule;
using Apm.Monitors.Slos;
using Apm.Query.Evaluate;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>One objective: how it stands, what is left of its budget, who watches it. Its state is the address: <c>days</c> is the target shown.</summary>
public partial class SloPage
{
    const long DaySeconds = 86_400;

    [Parameter] public string Id { get; set; } = "";
    [Inject] SloBook Slos { get; set; } = null!;
    [Inject] SloReports Reports { get; set; } = null!;
    [Inject] SloReader Reader { get; set; } = null!;
    [Inject] MonitorStates States { get; set; } = null!;

    Slo? Slo;
    SloView? View;
    string Problem = "";

    /// <summary>Why its parts cannot be told; "" when they can.</summary>
    string PartsProblem = "";
    string Corrected = "";

    protected override bool Prepare()
    {
        Slo = Slos.Find(Id);
        if (Slo is null) Links.Answers.NotFound(Context);
        return Slo is not null;
    }

    protected override void Load(CancellationToken cancel)
    {
        var report = Reports.Of(Slo!, cancel);
        Problem = report.Problem;
        _ = int.TryParse(State.Url["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days);
        var window = report.Windows.FirstOrDefault(one => one.Target == (Slo!.TargetOf(days) ?? Slo.Targets[0]));
        View = SloView.Of(State, report, days, LastDay(report), PartsOf(window, cancel), [.. Slos.WatchersOf(Id).Select(watcher => (watcher.Rule, watcher.Rule.Query))], States.Find);
        Corrected = window is null ? "" : SloWords.CorrectedOf(Slos.Corrections, window, Id);
    }

    SloParts PartsOf(SloWindow? window, CancellationToken cancel)
    {
        PartsProblem = "";
        try
        {
            return window is null ? SloParts.None : Reports.PartsOf(Slo!, window, cancel);
        }
        catch (Exception wrong) when (wrong is QueryLimitException or StoreUnavailableException)
        {
            PartsProblem = wrong.Message; // The page stands without them.
            return SloParts.None;
        }
    }

    SloSeries? LastDay(SloReport report)
    {
        if (report.Problem.Length > 0) return null;
        try
        {
            return Reader.Read(report.Slo, report.AtUnixSeconds - DaySeconds, report.AtUnixSeconds, SloReports.StepOf(DaySeconds));
        }
        catch (Exception wrong) when (wrong is QueryLimitException or StoreUnavailableException)
        {
            return null; // The page stands without it.
        }
    }

    string ChartOf(string show) => $"/ui/data/slo?id={Id}&days={View!.Target.Days.ToString(CultureInfo.InvariantCulture)}&show={show}";

    string Ago(long unixSeconds) => Format.Figure.Ago(unixSeconds * UnixTime.NanosPerSecond, State.NowUnixNanos);
}

using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>Makes an objective, or changes one. Its state is the address: <c>type</c> is the kind of a new one.</summary>
public partial class SloEditPage
{
    [Parameter] public string? Id { get; set; }
    [Inject] SloBook Slos { get; set; } = null!;
    [Inject] IMonitorRules Rules { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    static readonly (SloKind Kind, string Word, string Name)[] Kinds = [(SloKind.Metric, "metric", "Requests"), (SloKind.Monitor, "monitor", "Monitors"), (SloKind.TimeSlice, "time_slice", "Time slices")];

    Slo? Before;
    SloKind Kind;
    bool IsMissing;

    string WordOfKind => Kinds.First(known => known.Kind == Kind).Word;

    protected override void OnInitialized()
    {
        if (Id is not null)
        {
            Before = Slos.Find(Id);
            IsMissing = Before is null;
            if (IsMissing) Links.Answers.NotFound(Context);
        }
        Kind = Before?.Kind ?? Kinds.FirstOrDefault(known => known.Word == State.Url["type"]).Kind;
    }

    string TargetOf(int days) => Before is null ? (days == 30 ? "99.9" : "") : Text(Before.TargetOf(days)?.Percent);

    string WarningOf(int days) => Text(Before?.TargetOf(days)?.WarningPercent);

    static string Text(double? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}

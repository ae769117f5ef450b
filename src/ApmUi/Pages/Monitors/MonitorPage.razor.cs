using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Messages;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>One monitor: its state, what is evaluated, groups, history. Its state is the address: time alone.</summary>
public partial class MonitorPage
{
    [Parameter] public long Id { get; set; }
    [Inject] MonitorRules Rules { get; set; } = null!;
    [Inject] SloBook Slos { get; set; } = null!;
    [Inject] MonitorStates States { get; set; } = null!;
    [Inject] MonitorHistory History { get; set; } = null!;
    [Inject] IDowntimeBook Downtimes { get; set; } = null!;
    [Inject] IMuteAll MuteAll { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    [Inject] Outbox Outbox { get; set; } = null!;
    [Inject] DowntimeBook Book { get; set; } = null!;
    [Inject] MissingReasons Reasons { get; set; } = null!;

    MonitorView? View;
    string Muted = "";
    string Sentence = "";

    /// <summary>Why there is no data; "" when there is some, or nothing is known.</summary>
    string Missing = "";

    /// <summary>What is made of it and keeps it from being deleted: what that is, its name and its page.</summary>
    IReadOnlyList<(string Kind, string Name, string Link)> Keepers = [];
    string? Traces;
    bool IsSelfMuted;
    bool HasDowntime;
    IReadOnlyList<DeliveryRow> Deliveries = [];
    int DeliveryCount;

    string IdText => Id.ToString(CultureInfo.InvariantCulture);

    protected override void OnInitialized()
    {
        if (Rules.Find(Id) is not { } known || States.Find(Id) is not { } monitor)
        {
            Links.Answers.NotFound(Context);
            return;
        }
        var now = State.NowUnixNanos / UnixTime.NanosPerSecond;
        View = MonitorView.Of(State, monitor, known.Query, History.Read(Id));
        Muted = MonitorsView.MutedOf(State, known.Rule, Downtimes, MuteAll);
        IsSelfMuted = SilencedScopes.For(known.Rule.Options, [], now).IsMuted || known.Rule.Options.Silenced.Any(mute => mute.Value is null || mute.Value > now);
        Sentence = known.Query is { } query ? RuleSentence.Of(known.Rule, query) : "The query cannot be read, so nothing is evaluated. Edit it.";
        Missing = MissingOf(known, monitor, now);
        Keepers =
        [
            .. Rules.All().Where(other => other.Query is CompositeMonitorQuery composite && composite.Parts.Contains(Id)).Select(other => ("composite monitor", other.Rule.Name, State.Link($"/monitors/{other.Rule.Id}"))),
            .. Slos.MadeOf(Id).Select(slo => ("objective", slo.Name, State.Link($"/slos/{slo.Id}"))),
        ];
        HasDowntime = Book.All().Any(downtime => downtime.MonitorId == Id && Book.StatusOf(downtime) is DowntimeStatus.Active or DowntimeStatus.Scheduled);
        // Other names of env are part of the search; the page's own would be asked for twice.
        Traces = TracesBehind.SearchOf(known.Rule, []) is { } search ? State.TracesLink(search) : null;
        var deliveries = Outbox.All().Where(delivery => delivery.MonitorId == Id && delivery.About != "Downtime").ToList();
        (Deliveries, DeliveryCount) = ([.. deliveries.Take(MonitorView.MaxDeliveriesListed).Select(delivery => DeliveryRow.Of(State, delivery))], deliveries.Count);
    }

    string MissingOf(KnownRule known, MonitorSnapshot monitor, long now)
    {
        if (known.Query is not { } query || monitor.Groups.FirstOrDefault(group => group.IsMissing && (group.HasHadData || !group.IsJudged)) is not { } silent) return "";
        try
        {
            var reason = Reasons.Of(query, silent, now);
            return reason.Length == 0 ? "" : monitor.Groups.Count > 1 ? $"No data of {silent.Group}: {reason}" : $"No data: {reason}";
        }
        catch (StoreUnavailableException problem)
        {
            return problem.Message;
        }
    }
}

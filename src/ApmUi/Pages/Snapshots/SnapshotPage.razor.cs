using System.Globalization;
using Apm.ApmUi.Snapshots;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Snapshots;

/// <summary>A picture at its own address: what was said of it, what it shows, who was told, and the way back to the live chart.</summary>
public partial class SnapshotPage
{
    [Parameter] public string Id { get; set; } = "";
    [Inject] ISnapshots Snapshots { get; set; } = null!;
    [Inject] SnapshotDesk Desk { get; set; } = null!;
    [Inject] AlertLinks Links { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    Snapshot? Shot;
    IReadOnlyList<(string Mention, string Kind, string Word, string Why)> Told = [];

    long TakenUnixNanos => Shot!.TakenUnixSeconds * UnixTime.NanosPerSecond;

    string TitleShown => Shot!.Order.Title.Length > 0 ? Shot.Order.Title : SnapshotDesk.ShownBy(Shot);

    string Address => Links.Site + SnapshotDesk.PageOf(Shot!);

    string Window => TimeTicks.Window(Shot!.Order.FromUnixSeconds * 1000, Shot.Order.ToUnixSeconds * 1000, State.Zone);

    string QueryLink => State.Link("/metrics", ("q", string.Join(", ", Shot!.Order.Queries)), ("from", Millis(Shot.Order.FromUnixSeconds)), ("to", Millis(Shot.Order.ToUnixSeconds)));

    static string Millis(long seconds) => (seconds * 1000).ToString(CultureInfo.InvariantCulture);

    protected override void OnParametersSet()
    {
        Shot = Snapshots.Find(Id);
        if (Shot is null)
        {
            ApmUi.Links.Answers.NotFound(Context);
            return;
        }
        Told = [.. Desk.Told(Shot).Select(told => (told.Mention.Handle, StateOf(told.Mention, told.Delivery))).Select(told => (told.Handle, told.Item2.Kind, told.Item2.Word, told.Item2.Why))];
    }

    static (string Kind, string Word, string Why) StateOf(Mention mention, Delivery? delivery) => (mention.Kind, delivery) switch
    {
        (MentionKind.Other, _) => ("warn", "not told", "There is no such way here: there are addresses (@user@example.com), @webhook-NAME and @slack-NAME."),
        (_, null) => ("none", "long ago", "The outbox has forgotten it."),
        (_, { State: DeliveryState.Sent }) => ("ok", "sent", ""),
        (_, { State: DeliveryState.Failed } failed) => ("error", "given up", failed.LastError),
        (_, { State: DeliveryState.Held } held) => ("none", "kept", held.LastError),
        (_, { } waiting) => ("none", "on its way", waiting.LastError),
    };
}

using Apm.Core.Ports;
using Apm.Monitors.Messages;

namespace Apm.Monitors.Delivery;

/// <summary>By which way something is delivered.</summary>
public enum DeliveryChannel
{
    Mail,
    Webhook,
    Slack,
}

/// <summary>How far a delivery has come.</summary>
/// <remarks><code>Waiting → Sending → Sent | Waiting (again) | Failed;  Waiting → Held → Waiting</code></remarks>
public enum DeliveryState
{
    /// <summary>To be tried at its next attempt.</summary>
    Waiting,

    /// <summary>Being handed over. Found so at start, the process ended in between, and nobody knows whether it arrived.</summary>
    Sending,

    /// <summary>Whoever takes it has taken it.</summary>
    Sent,

    /// <summary>Given up; <see cref="Delivery.LastError"/> says why.</summary>
    Failed,

    /// <summary>Kept, because there is no way to send it, such as no mail server.</summary>
    Held,
}

/// <summary>One thing for one receiver. Stored as a document, so that it outlives the process.</summary>
/// <remarks>Immutable. Texts are "" when there are none.</remarks>
public sealed record Delivery
{
    /// <summary>The same for the same thing and receiver; posting it again does nothing.</summary>
    public required string Id { get; init; }

    public required DeliveryChannel Channel { get; init; }

    /// <summary>An address, or the name of a webhook or channel in the settings.</summary>
    public required string Target { get; init; }

    /// <summary>In one line, what it is.</summary>
    public required string Subject { get; init; }

    /// <summary>The mail's text; for other channels too, as what a person would read.</summary>
    public string Plain { get; init; } = "";

    /// <summary>The mail's page; may hold the mark of a chart.</summary>
    public string Html { get; init; } = "";

    /// <summary>The chart in it; null for none.</summary>
    public AlertChart? Chart { get; init; }

    /// <summary>The picture in it, one that is kept already; "" for none.</summary>
    public string SnapshotId { get; init; } = "";

    /// <summary>Where the chart and the title lead.</summary>
    public string Url { get; init; } = "";

    /// <summary>The same for all mails of an alert from its beginning to its recovery, so that mail readers show them together.</summary>
    public string Thread { get; init; } = "";

    /// <summary>What the words of a webhook's template stand for, without their dollar.</summary>
    public IReadOnlyDictionary<string, string> Words { get; init; } = new Dictionary<string, string>();

    /// <summary>The monitor that it is about; null for none.</summary>
    public long? MonitorId { get; init; }

    /// <summary>Name and kind of what is told, such as <c>Triggered</c>.</summary>
    public string About { get; init; } = "";
    public string Kind { get; init; } = "";

    /// <summary>Several notices that go out as one; none for one alone.</summary>
    public IReadOnlyList<BundledNotice> Bundle { get; init; } = [];

    /// <summary>Those of the bundle that are only counted.</summary>
    public int BundleLeftOutCount { get; init; }

    /// <summary>Ids of what is told in it by name.</summary>
    public IReadOnlyList<string> Tells { get; init; } = [];

    public DeliveryState State { get; init; }
    public int AttemptCount { get; init; }
    public required long CreatedUnixMillis { get; init; }
    public long NextAttemptUnixMillis { get; init; }

    /// <summary>When it was sent or given up; null before.</summary>
    public long? EndedUnixMillis { get; init; }

    /// <summary>What went wrong last, or why it is kept; "" for nothing.</summary>
    public string LastError { get; init; } = "";

    /// <summary>The process ended while it was being handed over, so that it may have arrived twice.</summary>
    public bool MayBeDoubled { get; init; }

    public bool IsOver() => State is DeliveryState.Sent or DeliveryState.Failed;

    internal long Bytes() => 600 + 2L * (Plain.Length + Html.Length + Subject.Length + Words.Sum(word => word.Value.Length) + Bundle.Sum(notice => notice.Title.Length + notice.Sentence.Length + notice.Url.Length) + Tells.Sum(id => id.Length));
}

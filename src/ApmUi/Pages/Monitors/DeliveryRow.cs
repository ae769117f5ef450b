using Apm.ApmUi.Links;
using Apm.Core.Time;
using Apm.Monitors.Delivery;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>A notice of a monitor and what became of it.</summary>
/// <param name="Mail">Address of the mail as its reader sees it; null for what is no mail.</param>
/// <param name="IsHeld">It is kept because nothing sends it; <paramref name="Why"/> is then a note, the same on many.</param>
/// <param name="Why">What went wrong last; "" for nothing.</param>
public sealed record DeliveryRow(string At, string AtExact, string Channel, string To, string Subject, string? Mail, string StateKind, string StateWord, bool IsHeld, string Why)
{
    public static DeliveryRow Of(PageState state, Delivery delivery)
    {
        var at = delivery.CreatedUnixMillis * UnixTime.NanosPerMillisecond;
        var (kind, word) = delivery.State switch
        {
            DeliveryState.Sent => ("ok", "sent"),
            DeliveryState.Failed => ("error", "given up"),
            DeliveryState.Held => ("none", "kept"),
            DeliveryState.Sending => ("none", "being sent"),
            _ when delivery.AttemptCount > 0 => ("warn", "tried again"),
            _ => ("none", "waits"),
        };
        return new DeliveryRow(state.Time(at), state.TimeExact(at), delivery.Channel.ToString().ToLowerInvariant(), delivery.Target, delivery.Subject, delivery.Html.Length > 0 ? $"/ui/outbox/{delivery.Id}/mail" : null, kind, word, delivery.State == DeliveryState.Held, delivery.LastError);
    }
}

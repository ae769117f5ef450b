using Apm.Core.Time;
using Apm.Monitors.Delivery;

namespace Apm.ApmUi.Pages.Deliveries;

/// <summary>What is to be delivered and was, with its state.</summary>
public partial class OutboxPage
{
    /// <summary>Deliveries on the page; the newest.</summary>
    const int ShownCount = 200;

    IReadOnlyList<Delivery> All = [];
    int HeldCount;

    /// <summary>Something is on its way, so that the page soon says more.</summary>
    bool IsMoving => All.Any(delivery => delivery.State is DeliveryState.Waiting or DeliveryState.Sending);

    long NowMillis => State.Now.ToUnixTimeMilliseconds();

    static long Nanos(long unixMillis) => unixMillis * UnixTime.NanosPerMillisecond;

    static (string Kind, string Word) StateOf(Delivery delivery) => delivery.State switch
    {
        DeliveryState.Sent => ("ok", "sent"),
        DeliveryState.Failed => ("error", "given up"),
        DeliveryState.Held => ("none", "kept"),
        DeliveryState.Sending => ("none", "being sent"),
        _ when delivery.AttemptCount > 0 => ("warn", "tried again"),
        _ => ("none", "waits"),
    };

    protected override void OnInitialized()
    {
        All = Box.All();
        HeldCount = All.Count(delivery => delivery.State == DeliveryState.Held);
    }
}

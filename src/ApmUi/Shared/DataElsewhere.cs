using Apm.ApmUi.Links;
using Apm.ApmUi.Time;
using Apm.Core.Time;

namespace Apm.ApmUi.Shared;

/// <summary>Where in time to look for what lies outside of the time shown.</summary>
static class DataElsewhere
{
    /// <summary>A start so little ahead of this machine's clock needs no words: five seconds.</summary>
    public const long ToleratedNanos = 5 * UnixTime.NanosPerSecond;

    /// <summary>A window with this moment in it: one that ends now and moves on, or a fixed one where the moment lies in the future.</summary>
    public static TimeWindow Around(long unixNanos, PageState state)
    {
        var live = TimeWindow.Read(null, null, state.Now, state.Zone, unixNanos);
        return live.Range.Contains(unixNanos) ? live : new TimeWindow(new TimeRange(unixNanos - BeforeNanos, unixNanos + BeforeNanos / 2), null);
    }

    /// <summary>What lay before is of interest, what came after hardly: ten minutes, and half of it after.</summary>
    const long BeforeNanos = 600 * UnixTime.NanosPerSecond;
}

using Apm.ApmUi.Pages.Downtimes;
using Apm.Core.Downtimes;
using Apm.Core.Slos;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Slos;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>A time that an objective does not count, in words.</summary>
/// <param name="When">The time that holds or comes next; of one that is over its last or only one.</param>
/// <param name="Repeats">How often it comes; "" for once.</param>
/// <param name="Next">Of one that recurs the times to come.</param>
public sealed record CorrectionRow(SloCorrection Correction, string When, string Repeats, IReadOnlyList<string> Next)
{
    /// <summary>Those of an objective, the latest first.</summary>
    public static IReadOnlyList<CorrectionRow> Of(SloCorrections corrections, string sloId, long nowUnixSeconds) =>
        [.. corrections.All().Where(correction => correction.SloId == sloId).OrderByDescending(correction => correction.StartUnixSeconds).Select(correction => Of(correction, nowUnixSeconds))];

    static CorrectionRow Of(SloCorrection correction, long nowUnixSeconds)
    {
        var times = SloCorrections.AsDowntime(correction);
        var shown = Occurrences.CurrentOrNext(times, nowUnixSeconds) ?? new DowntimeOccurrence(correction.StartUnixSeconds, correction.EndUnixSeconds ?? correction.StartUnixSeconds + (correction.DurationSeconds ?? 0));
        return new CorrectionRow(correction, DowntimesView.Span(shown, correction.TimeZone), correction.IsRecurring() ? RecurrenceWords.Of(times) : "", correction.IsRecurring() ? DowntimesView.NextOf(times, nowUnixSeconds) : []);
    }
}

using Apm.Core.Stats;

namespace Apm.Query.Services;

/// <summary>Cuts two sketches into the same bins: each is a whole number of the sketches' own, so nothing is guessed.</summary>
static class LatencyBins
{
    public static IReadOnlyList<LatencyBin> Of(DDSketch ok, DDSketch error, int maxBins)
    {
        var (low, high) = (int.MaxValue, int.MinValue);
        foreach (var sketch in (DDSketch[])[ok, error])
            for (var i = 0; i < sketch.Bins.Length; i++)
                if (sketch.Bins[i] > 0) (low, high) = (Math.Min(low, sketch.FirstIndex + i), Math.Max(high, sketch.FirstIndex + i));
        var bins = new List<LatencyBin>();
        if (ok.ZeroCount + error.ZeroCount > 0) bins.Add(new LatencyBin(0, low == int.MaxValue ? 1 : DDSketch.LowerBoundOf(low), ok.ZeroCount, error.ZeroCount));
        if (low == int.MaxValue) return bins;
        var width = (high - low + maxBins) / maxBins;
        for (var first = low; first <= high; first += width)
            bins.Add(new LatencyBin(DDSketch.LowerBoundOf(first), DDSketch.LowerBoundOf(first + width), CountOf(ok, first, width), CountOf(error, first, width)));
        return bins;
    }

    static double CountOf(DDSketch sketch, int first, int width)
    {
        var count = 0.0;
        for (var i = Math.Max(first, sketch.FirstIndex); i < Math.Min(first + width, sketch.FirstIndex + sketch.Bins.Length); i++) count += sketch.Bins[i - sketch.FirstIndex];
        return count;
    }
}

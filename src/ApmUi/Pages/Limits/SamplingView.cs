using Apm.ApmUi.Format;
using Apm.Core.Counting;
using Apm.Core.Ledger;
using Apm.Core.Ports;

namespace Apm.ApmUi.Pages.Limits;

/// <summary>Sampling in words. Immutable.</summary>
/// <param name="IsThinning">Less is kept than the settings would keep if the storage budget had room.</param>
/// <param name="Word">One or two words.</param>
/// <param name="Sentence">What is kept, since when, and why.</param>
/// <param name="LastMinute">What was decided in the last full minute; "" when nothing was.</param>
/// <param name="Expired">What was stored and has gone since; "" when nothing has.</param>
/// <param name="Rates">What tracers are told, the lowest first; empty when they are told to keep all.</param>
/// <param name="MoreRates">Rates that are not listed.</param>
public sealed record SamplingView(bool IsThinning, string Word, string Sentence, string LastMinute, string Expired, IReadOnlyList<SamplingRate> Rates, int MoreRates)
{
    /// <summary>Rates listed.</summary>
    const int ListedRates = 20;

    public static SamplingView Of(SamplingStatus status, Counters? counters)
    {
        var rates = status.Rates.Values.All(rate => rate >= 1) ? [] : status.Rates.OrderBy(rate => rate.Value).ThenBy(rate => rate.Key, StringComparer.Ordinal).ToList();
        var chunks = status.ChunksInLastMinute.OrderByDescending(chunk => chunk.Value).Select(chunk => $"{Figure.Whole(chunk.Value)} {Name(chunk.Key)}");
        return new SamplingView(
            status.Mode == "budget",
            status.Mode switch { "keep_all" => "all kept", "budget" => status.KeptShare < 0.01 ? "less than 1 % kept" : $"{Figure.Percent(status.KeptShare)} kept", _ => "sampled" },
            status.Sentence,
            status.ChunksInLastMinute.Count == 0 ? "" : $"Parts of traces in the last full minute, by what was decided: {string.Join(", ", chunks)}.",
            ExpiredSpans.Sentence(counters),
            [.. rates.Take(ListedRates).Select(rate => SamplingRate.Of(rate.Key, rate.Value))],
            Math.Max(0, rates.Count - ListedRates));
    }

    static string Name(string verdict) => verdict == "all" ? "kept as all are" : verdict.Replace('_', ' ');
}

/// <summary>What tracers are told for one service and environment.</summary>
public sealed record SamplingRate(string Service, string Env, double Rate)
{
    /// <param name="key"><c>service:web,env:prod</c>; both empty for everybody else.</param>
    /// <param name="rate">0 to 1.</param>
    public static SamplingRate Of(string key, double rate)
    {
        var comma = key.LastIndexOf(",env:", StringComparison.Ordinal);
        var service = (comma < 0 ? key : key[..comma]).Replace("service:", "", StringComparison.Ordinal);
        var env = comma < 0 ? "" : key[(comma + 5)..];
        return new SamplingRate(service.Length > 0 ? service : "all others", env, rate);
    }
}

using Apm.Core.Monitors;

namespace Apm.Monitors.Messages;

/// <summary>What happened to an objective in one sentence, in Markdown: <c>The error budget of **Checkout** over 30d goes **15.0** times as fast as it may.</c></summary>
static class SloSentence
{
    /// <summary>The sentence; null when the transition is of something else, or has no number.</summary>
    public static string? Of(AlertTransition transition)
    {
        if (transition.Value is not { } value || !transition.Sample.TryGetValue("slo.name", out var name)) return null;
        var budget = $"the error budget of **{name}** over {transition.Sample.GetValueOrDefault("slo.timeframe")}";
        return transition.Sample.ContainsKey("slo.burn_rate_long")
            ? $"T{budget[1..]} goes **{ValueText.Of(value)}** times as fast as it may."
            : $"**{ValueText.Of(value)} %** of {budget} is spent.";
    }
}

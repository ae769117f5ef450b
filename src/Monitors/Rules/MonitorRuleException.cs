namespace Apm.Monitors.Rules;

/// <summary>Why a rule cannot be had as it was asked for.</summary>
public enum RuleRefusal
{
    /// <summary>Something in it is wrong.</summary>
    Wrong,

    /// <summary>There is no such monitor.</summary>
    NotFound,

    /// <summary>Another monitor needs it.</summary>
    Referenced,
}

/// <summary>A rule cannot be kept, changed or deleted; the sentences are for whoever asked, the first in Datadog's words where it has some.</summary>
public sealed class MonitorRuleException(RuleRefusal refusal, params IReadOnlyList<string> errors) : Exception(string.Join(' ', errors))
{
    public RuleRefusal Refusal { get; } = refusal;

    /// <summary>At least one.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;

    internal static MonitorRuleException NotFound() => new(RuleRefusal.NotFound, "Monitor not found");
}

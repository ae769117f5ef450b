namespace Apm.Core.Endpoints;

/// <summary>A name that stands for many, for people to look at.</summary>
/// <param name="Service">Whose endpoint it is.</param>
/// <param name="Name">The resource that statistics and stored spans carry: <c>GET /users/{id}</c>.</param>
/// <param name="Rules">Why each placeholder stands, in the order of the path.</param>
/// <param name="RawNameCount">About how many different raw names it stands for (<see cref="DistinctCount"/>).</param>
/// <param name="Examples">Some of them, the first that came; at most <see cref="TemplateLimits.MaxExamples"/>.</param>
public sealed record EndpointTemplate(string Service, string Name, IReadOnlyList<PathRule> Rules, long RawNameCount, IReadOnlyList<string> Examples);

/// <summary>What somebody decided about a place in the paths of a service.</summary>
public enum TemplateDecision
{
    /// <summary>Nothing: the rules decide.</summary>
    Default,

    /// <summary>The last segment of the path is not replaced: a word stays by itself, what a placeholder would stand for is kept apart.</summary>
    KeepApart,

    /// <summary>All segments at the place become <c>{value}</c>; the path ends in it.</summary>
    Fold,
}

/// <summary>A decision and the place it is about.</summary>
/// <param name="Path">Without method: <c>/users/{id}</c>, <c>/users/export</c>, <c>/shop/{value}</c>; behind a host <c>//host/…</c>.</param>
/// <param name="Decision">What was decided.</param>
public sealed record TemplateOverride(string Path, TemplateDecision Decision);

/// <summary>A decision that cannot be taken; the message says why and what to write.</summary>
public sealed class TemplateOverrideException(string message) : Exception(message);

using System.Globalization;
using Apm.Query.Services;

namespace Apm.ApmUi.Shared;

/// <summary>The Apdex as it is read: two decimals, and the rule behind it in a sentence.</summary>
public static class ApdexWords
{
    /// <summary>For tooltips.</summary>
    public static string Rule { get; } =
        $"Apdex: requests without an error within {Format.Figure.Duration(Apdex.SatisfiedNanos)} count whole, within {Format.Figure.Duration(Apdex.ToleratedNanos)} half, slower or failed ones nothing; divided by all requests";

    /// <summary><c>0.97</c>; "–" without requests.</summary>
    public static string Of(double? apdex) => apdex is { } value ? value.ToString("0.00", CultureInfo.InvariantCulture) : Format.Figure.None;
}

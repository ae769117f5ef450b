namespace Apm.TraceAgent.Checks;

/// <summary>One instance that shall be run: what makes it, how often, and what is attached to all that it gives out.</summary>
/// <param name="Id">The check's name, a colon and what tells its instances apart.</param>
/// <param name="Check">Its name: <c>mysql</c>.</param>
/// <param name="Source">The file that asks for it; <c>built in</c> when none does.</param>
/// <param name="Interval">From one run to the next.</param>
/// <param name="Make">Makes it; a <see cref="CheckFailedException"/> says why its settings cannot be used.</param>
public sealed record CheckPlan(string Id, string Check, string Source, TimeSpan Interval, Func<ICheck> Make)
{
    /// <summary>Of plans that nobody's file asks for.</summary>
    public const string BuiltIn = "built in";

    /// <summary>Changes when the instance must be made anew although its settings are the same, such as when its program was edited.</summary>
    public string Revision { get; init; } = "";

    /// <summary>Attached to everything.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Put before metrics' and service checks' names, with a dot; "" for none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The host of what names none; "" for none at all.</summary>
    public string Host { get; init; } = "";

    /// <summary>Ours, quick, and run even when all runners wait for others.</summary>
    public bool IsBuiltIn => Source == BuiltIn;
}

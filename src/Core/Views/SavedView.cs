namespace Apm.Core.Views;

/// <summary>A question about traces that somebody named, for everybody of this installation. Texts are as they stand in the address.</summary>
public sealed record SavedView
{
    /// <summary>What it is called; unique, case ignored.</summary>
    public required string Name { get; init; }

    /// <summary>The search; "" for all traces.</summary>
    public string Query { get; init; } = "";

    /// <summary>The order of the list; "" for the newest first.</summary>
    public string Sort { get; init; } = "";

    /// <summary>The least duration, as typed; "" for none.</summary>
    public string Min { get; init; } = "";

    /// <summary>The longest duration, as typed; "" for none.</summary>
    public string Max { get; init; } = "";

    /// <summary>Tags whose values are shown, with commas between; "" for none.</summary>
    public string Facet { get; init; } = "";

    /// <summary>The environment; "" for all.</summary>
    public string Env { get; init; } = "";

    /// <summary>How far back it looks, as <c>now-1h</c>; "" keeps the time of who opens it.</summary>
    public string From { get; init; } = "";
}

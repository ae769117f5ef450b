namespace Apm.Core.Slos;

/// <summary>Why an objective cannot be had as it was asked for.</summary>
public enum SloRefusal
{
    /// <summary>Something in it is wrong.</summary>
    Wrong,

    /// <summary>There is no such objective.</summary>
    NotFound,

    /// <summary>Monitors watch it.</summary>
    Referenced,
}

/// <summary>An objective cannot be kept, changed or deleted; the message says why, for whoever asked.</summary>
public sealed class SloException(SloRefusal refusal, string message) : Exception(message)
{
    public SloRefusal Refusal { get; } = refusal;

    /// <summary>Which member of a correction is wrong, as the API calls it, and what the message is about; "" for none, and of objectives, whose messages name it.</summary>
    public string Field { get; init; } = "";
}

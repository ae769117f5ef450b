using System.Text.Json.Serialization;

namespace Apm.Core.Diagnosis;

/// <summary>The stations of a span on its way from an app to the eye of whoever looks; in JSON as their words.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WayStage>))]
public enum WayStage
{
    Process,
    Tracer,
    Socket,
    Receiver,
    Sampler,
    Store,
    Query,
    Browser,
}

/// <summary>How a station does.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StageHealth>))]
public enum StageHealth
{
    /// <summary>Nothing has come here yet, and nothing is wrong with that.</summary>
    Waiting,
    Ok,

    /// <summary>It works, and there is something to know.</summary>
    Noted,
    Fault,
}

/// <summary>A station as it stands.</summary>
/// <param name="Stage">Which.</param>
/// <param name="Health">How it does.</param>
/// <param name="Count">What has passed, in words: <c>1,204 spans</c>.</param>
/// <param name="Sentence">What is wrong or to know there; "" when nothing.</param>
public sealed record StageState(WayStage Stage, StageHealth Health, string Count, string Sentence);

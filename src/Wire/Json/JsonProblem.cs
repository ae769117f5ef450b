using System.Text.Json;

namespace Apm.Wire.Json;

/// <summary>What the framework's JSON reader says of broken JSON, fit for an answer.</summary>
internal static class JsonProblem
{
    /// <summary>Most characters kept: the reader quotes the body from the fault to its end.</summary>
    const int MaxChars = 160;

    /// <summary>Without the place in lines, which says the byte again in other units, and without the rest of the body.</summary>
    public static string Sentence(JsonException error)
    {
        var message = error.Message;
        var end = message.LastIndexOf(" LineNumber:", StringComparison.Ordinal);
        if (end >= 0) message = message[..end];
        return message.Length <= MaxChars ? message : message[..MaxChars] + "…";
    }
}

using System.Text;

namespace Apm.Core.Errors;

/// <summary>What a failed span says of its error. Texts are "" when absent.</summary>
public sealed record ErrorFacts
{
    public required string Service { get; init; }

    /// <summary>Operation name.</summary>
    public required string Name { get; init; }
    public required string Resource { get; init; }

    /// <summary>Tag <c>error.type</c>.</summary>
    public string Type { get; init; } = "";

    /// <summary>Tag <c>error.message</c>, or <c>error.msg</c>.</summary>
    public string Message { get; init; } = "";

    /// <summary>Tag <c>error.stack</c>.</summary>
    public string Stack { get; init; } = "";

    /// <summary>0 when it has none.</summary>
    public int HttpStatusCode { get; init; }

    /// <summary>It says nothing of its own: when a child failed, it only passes that on.</summary>
    public bool IsBare => Type.Length == 0 && Message.Length == 0 && Stack.Length == 0;
}

/// <summary>
/// What errors of one issue have in common: service, type, message pattern and top frame; without a frame the operation, and without a message
/// as well the resource. Environment and version are no part of it: they are counted within the issue.
/// </summary>
/// <param name="Id">Hash of all of it.</param>
/// <param name="Type">Such as <c>ValueError</c>; <c>HTTP 500</c> or <c>error</c> when the span names none.</param>
/// <param name="Pattern">The message with its values folded; "" when there is none.</param>
/// <param name="TopFrame">Where it arose, see <see cref="StackFrame.Place"/>; "" without a stack.</param>
/// <param name="Place">What stands for the frame when there is none: the operation, or operation and resource; "" with a frame.</param>
public sealed record ErrorFingerprint(IssueId Id, string Service, string Type, string Pattern, string TopFrame, string Place)
{
    /// <summary>Longest type and frame kept; default 200 characters. What comes behind does not tell issues apart.</summary>
    public const int MaxNameChars = 200;

    /// <summary>Of one failed span.</summary>
    public static ErrorFingerprint Of(ErrorFacts error)
    {
        var type = Cut(TypeOf(error));
        var pattern = MessagePattern.Fold(error.Message);
        var frame = error.Stack.Length == 0 ? "" : Cut(StackText.TopOwn(StackText.Read(error.Stack))?.Place ?? "");
        var place = frame.Length > 0 ? "" : pattern.Length > 0 ? Cut(error.Name) : Cut($"{error.Name} {error.Resource}");
        return Make(error.Service, type, pattern, frame, place);
    }

    /// <summary>The issue that stands for those of a service beyond the limit.</summary>
    public static ErrorFingerprint Overflow(string service) => Make(service, OverflowType, "Further errors of this service, which are more different ones than are kept apart.", "", "");

    /// <summary>The type of what stands for issues beyond the limit.</summary>
    public const string OverflowType = "(too many issues)";

    static ErrorFingerprint Make(string service, string type, string pattern, string frame, string place)
    {
        var hash = 14695981039346656037UL;
        foreach (var part in (ReadOnlySpan<string>)[service, type, pattern, frame, place])
        {
            foreach (var b in Encoding.UTF8.GetBytes(part)) hash = unchecked((hash ^ b) * 1099511628211UL);
            hash = unchecked(hash * 1099511628211UL); // A zero byte between the parts.
        }
        return new ErrorFingerprint(new IssueId(hash), service, type, pattern, frame, place);
    }

    static string TypeOf(ErrorFacts error)
    {
        // OpenTelemetry's HTTP conventions put the status where others put the exception.
        if (error.Type.Length == 3 && error.Type.All(char.IsAsciiDigit)) return "HTTP " + error.Type;
        if (error.Type.Length > 0) return error.Type;
        if (error.HttpStatusCode >= 400) return $"HTTP {error.HttpStatusCode}";
        return "error";
    }

    static string Cut(string text) => text.Length <= MaxNameChars ? text : text[..MaxNameChars];
}

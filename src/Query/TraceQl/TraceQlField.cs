using System.Text;

namespace Apm.Query.TraceQl;

/// <summary>Where an attribute is looked for.</summary>
public enum TraceQlScope
{
    /// <summary>Written <c>.key</c>: the span's attributes and its resource's.</summary>
    Any,
    Span,
    Resource,

    /// <summary>A property that every span or trace has: <c>duration</c>, <c>trace:rootName</c>.</summary>
    Intrinsic,
    Event,
    Link,
    Instrumentation,
    Parent,
}

/// <summary>An attribute or intrinsic of a span.</summary>
/// <param name="Name">The attribute's key; of an intrinsic its name as typed.</param>
public readonly record struct TraceQlField(TraceQlScope Scope, string Name)
{
    /// <summary>The intrinsics that are understood, scoped and not.</summary>
    public static IReadOnlyList<string> Intrinsics { get; } =
    [
        "duration", "kind", "name", "nestedSetParent", "rootName", "rootServiceName", "status", "statusMessage", "traceDuration",
        "span:duration", "span:id", "span:kind", "span:name", "span:parentID", "span:status", "span:statusMessage",
        "trace:duration", "trace:id", "trace:rootName", "trace:rootService",
    ];

    /// <summary>Those that <c>select()</c> knows besides: numbers of spans within their trace's tree, and what happened within a span.</summary>
    public static IReadOnlyList<string> Selectable { get; } = ["nestedSetLeft", "nestedSetRight", "event:name"];

    /// <summary>It can stand in <c>select()</c> only; what it is, a whole trace or a span's events say.</summary>
    public bool IsSelectedOnly => Scope == TraceQlScope.Event || (Scope == TraceQlScope.Intrinsic && Selectable.Contains(Name));

    /// <summary>As the parser reads it.</summary>
    public override string ToString()
    {
        if (Scope == TraceQlScope.Intrinsic) return Name;
        var scope = Scope == TraceQlScope.Any ? "" : Scope.ToString().ToLowerInvariant();
        return $"{scope}.{(Name.Length > 0 && Name.All(TraceQlLexer.IsAttributeChar) ? Name : Quote(Name))}";
    }

    internal static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text) quoted.Append(c switch { '"' => "\\\"", '\\' => @"\\", '\n' => "\\n", '\t' => "\\t", '\r' => "\\r", _ => c.ToString() });
        return quoted.Append('"').ToString();
    }
}

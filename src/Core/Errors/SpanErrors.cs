using Apm.Core.Spans;

namespace Apm.Core.Errors;

/// <summary>What a stored span says of its error.</summary>
public static class SpanErrors
{
    /// <summary>The facts; null when the span did not fail.</summary>
    public static ErrorFacts? FactsOf(Span span) => !span.IsError ? null : new ErrorFacts
    {
        Service = span.Service,
        Name = span.Name,
        Resource = span.Resource,
        Type = span.Tag(TagNames.ErrorType) ?? "",
        Message = span.Tag(TagNames.ErrorMessage) ?? span.Tag(TagNames.ErrorMsg) ?? "",
        Stack = span.Tag(TagNames.ErrorStack) ?? "",
        HttpStatusCode = HttpStatus.Of(span),
    };
}

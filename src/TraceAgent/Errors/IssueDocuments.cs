using Apm.Core.Errors;

namespace Apm.TraceAgent.Errors;

/// <summary>What is stored of an issue beside its totals: what it is, and what was decided. Small; all are read at start.</summary>
sealed record IssueDocument
{
    public const string Collection = "error_issues";

    public required string Id { get; init; }
    public required string Service { get; init; }
    public required string Type { get; init; }
    public string Pattern { get; init; } = "";
    public string TopFrame { get; init; } = "";
    public string Place { get; init; } = "";

    /// <summary>Kept here as well, so that it survives the loss of the statistics' checkpoint.</summary>
    public long FirstSeenUnixNanos { get; init; }

    /// <summary>Name of an <see cref="IssueState"/>.</summary>
    public string State { get; init; } = nameof(IssueState.Open);
    public long SinceUnixNanos { get; init; }
    public string ResolvedVersion { get; init; } = "";
    public IReadOnlyList<string> EarlierVersions { get; init; } = [];
    public string RegressedVersion { get; init; } = "";

    public static IssueDocument Of(ErrorIssue issue) => new()
    {
        Id = issue.Id.ToString(),
        Service = issue.Service,
        Type = issue.Type,
        Pattern = issue.Pattern,
        TopFrame = issue.TopFrame,
        Place = issue.Place,
        FirstSeenUnixNanos = issue.Totals.FirstSeenUnixNanos,
        State = issue.Decision.State.ToString(),
        SinceUnixNanos = issue.Decision.SinceUnixNanos,
        ResolvedVersion = issue.Decision.ResolvedVersion,
        EarlierVersions = issue.Decision.EarlierVersions,
        RegressedVersion = issue.Decision.RegressedVersion,
    };

    /// <summary>Null when the id is none.</summary>
    /// <param name="totals">Null when the checkpoint has none of it.</param>
    public ErrorIssue? ToIssue(IReadOnlyDictionary<IssueId, IssueTotals> totals) => !IssueId.TryParse(Id, out var id) ? null : new ErrorIssue
    {
        Id = id,
        Service = Service,
        Type = Type,
        Pattern = Pattern,
        TopFrame = TopFrame,
        Place = Place,
        Totals = totals.GetValueOrDefault(id) ?? new IssueTotals { FirstSeenUnixNanos = FirstSeenUnixNanos, LastSeenUnixNanos = FirstSeenUnixNanos },
        Decision = new IssueDecision
        {
            State = Enum.TryParse<IssueState>(State, out var state) ? state : IssueState.Open,
            SinceUnixNanos = SinceUnixNanos,
            ResolvedVersion = ResolvedVersion,
            EarlierVersions = EarlierVersions,
            RegressedVersion = RegressedVersion,
        },
    };
}

/// <summary>The first error of an issue in full, read when somebody looks at it.</summary>
sealed record IssueTextDocument(string Message, string Stack, string Resource, string Version, string TraceId, string SpanId)
{
    public const string Collection = "error_texts";

    public static IssueTextDocument Of(IssueText text) => new(text.Message, text.Stack, text.Resource, text.Version, text.TraceId.ToString(), text.SpanId.ToString());

    public IssueText ToText()
    {
        var trace = Core.Ids.TraceId.TryParse(TraceId, out var traceId) ? traceId : default;
        var span = Core.Ids.SpanId.TryParse(SpanId, out var spanId) ? spanId : default;
        return new IssueText(Message, Stack, Resource, Version, trace, span);
    }
}

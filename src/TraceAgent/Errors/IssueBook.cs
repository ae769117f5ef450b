using Apm.Core.Counting;
using Apm.Core.Errors;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Errors;

/// <summary>
/// The issues that errors were grouped into, counted on all spans before sampling. Totals are part of the statistics' checkpoint and so exact over a
/// restart; what an issue is, its first error in full and what was decided about it are documents, which outlive traces.
/// </summary>
/// <remarks>
/// The pipeline's thread notes, checkpoints and saves; any thread may read and decide. A document that a crash prevented is written when the issue
/// comes again; until then the issue is not shown, and its totals wait for it.
/// </remarks>
public sealed class IssueBook : IErrorIssues
{
    /// <summary>
    /// Most issues kept; default 2 000, about 6 MB. When there are so many, the one silent longest makes room if it was silent for <see cref="MinSilence"/>;
    /// else the error counts under the issue <see cref="ErrorFingerprint.OverflowType"/> of its service, and in <c>issues_over_limit</c>.
    /// </summary>
    public const int MaxIssues = 2_000;

    /// <summary>Most issues of one service; default 500. Beyond it the same happens, so that one service cannot take all the room.</summary>
    public const int MaxIssuesOfService = 500;

    /// <summary>Most issues that stand for those beyond the limit, one for each service; default 200. The last one stands for all other services.</summary>
    public const int MaxOverflowIssues = 200;

    /// <summary>How long an issue must have been silent before it makes room for another; default 7 days. Counted in <c>issues_forgotten</c>.</summary>
    public static readonly TimeSpan MinSilence = TimeSpan.FromDays(7);

    /// <summary>Most issues whose documents are written at one checkpoint; default 200. A flood of new ones waits its turn, in memory.</summary>
    public const int MaxSavedAtOnce = 200;

    /// <summary>Stands for the services beyond <see cref="MaxOverflowIssues"/>.</summary>
    public const string OtherServices = "(too many services)";

    readonly Lock _lock = new();
    readonly IDocumentStore? _documents;
    readonly ServiceCatalogue _catalogue;
    readonly IIssueCounts _counts;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly Dictionary<IssueId, ErrorIssue> _issues = [];
    readonly Dictionary<string, int> _countOfService = new(StringComparer.Ordinal);
    readonly Dictionary<IssueId, IssueTotals> _withoutDocument = [];
    readonly Dictionary<IssueId, IssueText> _newTexts = [];
    readonly HashSet<IssueId> _changed = [];
    readonly HashSet<IssueId> _removed = [];
    int _overflowCount;

    /// <summary>Takes up where a checkpoint left off.</summary>
    /// <param name="documents">Null keeps the issues in memory only.</param>
    /// <param name="catalogue">Tells a service's versions.</param>
    /// <param name="counts">The statistics.</param>
    /// <param name="checkpoint">Null starts afresh.</param>
    public IssueBook(IDocumentStore? documents, ServiceCatalogue catalogue, IIssueCounts counts, TimeProvider clock, Counters counters, IssueCheckpoint? checkpoint)
    {
        (_documents, _catalogue, _counts, _clock, _counters) = (documents, catalogue, counts, clock, counters);
        foreach (var (id, totals) in checkpoint?.Totals ?? []) _withoutDocument[id] = totals;
        foreach (var document in documents?.FindAll<IssueDocument>(IssueDocument.Collection) ?? [])
            if (document.ToIssue(_withoutDocument) is { } issue) Enter_NeedsLock(issue);
        foreach (var id in _issues.Keys) _withoutDocument.Remove(id);
    }

    /// <summary>Counts the errors of a batch that is new.</summary>
    /// <returns>What the statistics shall count over time.</returns>
    public IReadOnlyList<IssueHit> Note(SpanBatch batch, ReadOnlySpan<ChunkFacts> facts, IReadOnlyList<ErrorSighting> errors)
    {
        if (errors.Count == 0) return [];
        var hits = new IssueHit[errors.Count];
        lock (_lock)
        {
            for (var i = 0; i < hits.Length; i++)
            {
                var error = errors[i];
                var chunk = batch.Chunks[error.Chunk];
                var received = batch.Payloads[chunk.Payload].ReceivedUnixNanos;
                var version = batch.Strings.Text(facts[error.Chunk].Version);
                var issue = IssueOf_NeedsLock(batch, error, version, received);
                var example = chunk.Verdict.IsKept() ? new IssueExample(batch.TraceIdOf(error.Span), new SpanId(batch.SpanIds[error.Span]), received) : null;
                var decision = issue.Decision.Seen(version, received);
                if (decision != issue.Decision) _changed.Add(issue.Id);
                _issues[issue.Id] = issue with { Totals = issue.Totals.Plus(version, received, example), Decision = decision };
                hits[i] = new IssueHit(new IssueCountKey(issue.Id, batch.Strings.Text(facts[error.Chunk].Env), version), batch.EndUnixNanosOf(error.Span));
            }
        }
        return hits;
    }

    /// <summary>The totals as they stand.</summary>
    public IssueCheckpoint Checkpoint()
    {
        lock (_lock) return new IssueCheckpoint([.. _issues.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Totals)), .. _withoutDocument]);
    }

    /// <summary>Writes what changed; of a flood the first <see cref="MaxSavedAtOnce"/>.</summary>
    /// <exception cref="StoreUnavailableException">Some was not written; the next call tries again.</exception>
    public void Save()
    {
        if (_documents is null) return;
        ErrorIssue[] changed;
        IssueId[] removed;
        lock (_lock)
        {
            changed = [.. _changed.Take(MaxSavedAtOnce).Select(id => _issues[id])];
            removed = [.. _removed];
        }
        foreach (var issue in changed) Save(issue);
        foreach (var id in removed)
        {
            _documents.Remove(IssueDocument.Collection, id.ToString());
            _documents.Remove(IssueTextDocument.Collection, id.ToString());
            lock (_lock) _removed.Remove(id);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ErrorIssue> Issues()
    {
        lock (_lock) return [.. _issues.Values.OrderByDescending(issue => issue.Totals.LastSeenUnixNanos).ThenBy(issue => issue.Id.Value)];
    }

    /// <inheritdoc/>
    public ErrorIssue? Issue(IssueId id)
    {
        lock (_lock) return _issues.GetValueOrDefault(id);
    }

    /// <inheritdoc/>
    public IssueText? Text(IssueId id)
    {
        lock (_lock) if (_newTexts.TryGetValue(id, out var text)) return text;
        return _documents?.Find<IssueTextDocument>(IssueTextDocument.Collection, id.ToString())?.ToText();
    }

    /// <inheritdoc/>
    public ErrorIssue? Decide(IssueId id, IssueAction action)
    {
        ErrorIssue decided;
        lock (_lock)
        {
            if (!_issues.TryGetValue(id, out var issue)) return null;
            _issues[id] = decided = issue with { Decision = DecisionOf(issue, action) };
            _changed.Add(id);
        }
        if (_documents is not null) Save(decided);
        return decided;
    }

    /// <inheritdoc/>
    public IEnumerable<IssueCountRow> ReadIssueCounts(TimeRange range, IssueId? issue, long coarsestNanos) => _counts.ReadIssueCounts(range, issue, coarsestNanos);

    IssueDecision DecisionOf(ErrorIssue issue, IssueAction action)
    {
        var now = _clock.NowUnixNanos();
        if (action == IssueAction.Ignore) return new IssueDecision { State = IssueState.Ignored, SinceUnixNanos = now };
        if (action == IssueAction.Reopen) return new IssueDecision { SinceUnixNanos = now };
        var service = _catalogue.Service(issue.Service);
        var current = service?.Version ?? "";
        return new IssueDecision
        {
            State = IssueState.Resolved,
            SinceUnixNanos = now,
            ResolvedVersion = current,
            EarlierVersions = [.. (service?.Deployments ?? []).Select(deployment => deployment.Version).Where(version => version != current).Distinct(StringComparer.Ordinal)],
        };
    }

    void Save(ErrorIssue issue)
    {
        IssueText? text;
        lock (_lock) text = _newTexts.GetValueOrDefault(issue.Id);
        // The text first: an issue without one would be shown without its message.
        if (text is not null) _documents!.Store(IssueTextDocument.Collection, issue.Id.ToString(), IssueTextDocument.Of(text));
        _documents!.Store(IssueDocument.Collection, issue.Id.ToString(), IssueDocument.Of(issue));
        lock (_lock)
        {
            _newTexts.Remove(issue.Id);
            if (_issues.TryGetValue(issue.Id, out var now) && now.Decision == issue.Decision) _changed.Remove(issue.Id);
        }
    }

    ErrorIssue IssueOf_NeedsLock(SpanBatch batch, ErrorSighting error, string version, long receivedUnixNanos)
    {
        var fingerprint = error.Fingerprint;
        if (_issues.TryGetValue(fingerprint.Id, out var known)) return known;
        if (!HasRoom_NeedsLock(fingerprint.Service, receivedUnixNanos))
        {
            _counters.Add("issues_over_limit", service: fingerprint.Service);
            fingerprint = ErrorFingerprint.Overflow(fingerprint.Service);
            if (_issues.TryGetValue(fingerprint.Id, out known)) return known;
            if (_overflowCount >= MaxOverflowIssues - 1) fingerprint = ErrorFingerprint.Overflow(OtherServices);
            if (_issues.TryGetValue(fingerprint.Id, out known)) return known;
        }
        var issue = ErrorIssue.New(fingerprint, _withoutDocument.Remove(fingerprint.Id, out var totals) ? totals : new IssueTotals { FirstSeenUnixNanos = receivedUnixNanos });
        _newTexts[issue.Id] = TextOf(batch, error.Span, version);
        _changed.Add(issue.Id);
        _removed.Remove(issue.Id);
        Enter_NeedsLock(issue);
        return issue;
    }

    void Enter_NeedsLock(ErrorIssue issue)
    {
        _issues[issue.Id] = issue;
        if (issue.IsOverflow) _overflowCount++;
        else _countOfService[issue.Service] = _countOfService.GetValueOrDefault(issue.Service) + 1;
    }

    bool HasRoom_NeedsLock(string service, long nowUnixNanos)
    {
        var isServiceFull = _countOfService.GetValueOrDefault(service) >= MaxIssuesOfService;
        if (!isServiceFull && _issues.Count - _overflowCount < MaxIssues) return true;
        var quietest = _issues.Values.Where(issue => !issue.IsOverflow && (!isServiceFull || issue.Service == service)).MinBy(issue => issue.Totals.LastSeenUnixNanos);
        if (quietest is null || quietest.Totals.LastSeenUnixNanos > nowUnixNanos - MinSilence.Ticks * UnixTime.NanosPerTick) return false;
        _issues.Remove(quietest.Id);
        _countOfService[quietest.Service]--;
        _changed.Remove(quietest.Id);
        _newTexts.Remove(quietest.Id);
        _removed.Add(quietest.Id);
        _counters.Add("issues_forgotten");
        return true;
    }

    static IssueText TextOf(SpanBatch batch, int span, string version) => new(
        Cut(batch.TagOf(span, TagNames.ErrorMessage) ?? batch.TagOf(span, TagNames.ErrorMsg) ?? "", IssueText.MaxMessageChars),
        Cut(batch.TagOf(span, TagNames.ErrorStack) ?? "", IssueText.MaxStackChars),
        batch.Strings.Text(batch.Resources[span]), version, batch.TraceIdOf(span), new SpanId(batch.SpanIds[span]));

    static string Cut(string text, int maxChars) => text.Length <= maxChars ? text : text[..maxChars];
}

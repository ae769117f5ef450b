using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.ApmUi.Time;
using Apm.Core.Diagnosis;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Tail;
using Apm.Query.Text;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Components;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>The list of traces, or the live tail (<c>view=tail</c>). Its state is the address: <c>q, min, max, facet, sort, limit, skip, count</c> besides env and time.</summary>
public partial class TracesPage
{
    /// <summary>Rows shown at first; default 50.</summary>
    public const int DefaultLimit = 50;

    /// <summary>Most conditions that are tried without, when nothing matches.</summary>
    const int MaxDropped = 4;

    /// <summary>Most other environments that are looked into, when the one asked for has nothing.</summary>
    const int MaxOtherEnvs = 8;

    /// <summary>How long each of those is counted; then the number is a lower bound, and reads so.</summary>
    static readonly TimeSpan DroppedCountFor = TimeSpan.FromMilliseconds(60);

    /// <summary>How long the newest that matches at any time is searched for, when none does in the time shown.</summary>
    static readonly TimeSpan NewestSearchedFor = TimeSpan.FromMilliseconds(200);

    [Inject] TraceSearch Search { get; set; } = null!;
    [Inject] ITraceReader Traces { get; set; } = null!;
    [Inject] ServiceCatalogue Catalogue { get; set; } = null!;
    [Inject] ILedgerReader Ledger { get; set; } = null!;

    TracesView? View;
    BadQuery? Bad;
    string? Failed;
    string? SampledOut;
    bool IsEmptyInstallation;
    IReadOnlyList<DroppedCondition> Dropped = [];
    TimeWindow? NewestElsewhere;
    string EmptySays = "";

    /// <summary>What was looked for when nothing matches, for the doctor; null when something does.</summary>
    ScreenFacts? Nothing;
    string? EmptyEvidence;

    IReadOnlyList<FilterChip> Chips = [];
    string? TailRefusal;
    bool IsTailOfTraces;

    bool IsTail => State.Url["view"] == "tail";

    /// <summary>The stream of the live tail: the query, and no time.</summary>
    string TailLink
    {
        get
        {
            var url = new PageUrl("/ui/data/traces/tail", []);
            foreach (var name in new[] { "q", "min", "max", "env" }) url = url.With(name, State.Url[name]);
            return url.ToString();
        }
    }

    string Typed => State.Url["q"] ?? "";
    string? Min => State.Url["min"];
    string? Max => State.Url["max"];
    TraceOrder Order = new(TraceOrder.Default, TraceSort.Newest, false);

    /// <summary>What of the address could not be used, as sentences.</summary>
    List<string> Complaints = [];

    /// <summary>How long the totals of the first page are counted; the link in the foot counts all.</summary>
    static readonly TimeSpan CountFor = TimeSpan.FromMilliseconds(120);

    /// <summary>Most facets that one page is asked for by name.</summary>
    const int MaxAskedFacets = 10;

    /// <summary>Keys of tags after <c>facet=</c>, with or without @.</summary>
    IReadOnlyList<string> AskedFacets => [.. (State.Url["facet"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(key => key.TrimStart('@')).Take(MaxAskedFacets)];

    bool CountsAll => State.Url["count"] == "all";

    int Limit = DefaultLimit;
    int Skip;

    string StripLink(string what) => State.Data("/ui/data/traces/strip", ("q", Typed), ("min", Min), ("max", Max), ("what", what));

    /// <summary>The query as typed, without what the frame adds.</summary>
    TraceFilter TypedFilter = TraceFilter.Empty;
    TraceFilter Filter = TraceFilter.Empty;

    protected override bool Prepare()
    {
        if (Traces.Facts().SpanCount == 0 && !IsTail)
        {
            IsEmptyInstallation = true;
            return false;
        }
        ReadList();
        try
        {
            TypedFilter = TraceFilterParser.Parse(Typed);
        }
        catch (QueryTextException error)
        {
            Bad = BadQuery.Of(Typed, error);
            return false;
        }
        Chips = TracesView.ChipsOf(State, TypedFilter);
        try
        {
            Filter = TraceQuery.Complete(TypedFilter, State.Url);
        }
        catch (QueryTextException error)
        {
            Failed = error.Message;
            return false;
        }
        if (IsTail) (TailRefusal, IsTailOfTraces) = (TraceTail.RefusalOf(Filter), Filter.IsOfTrace);
        return !IsTail;
    }

    protected override void Load(CancellationToken cancel)
    {
        try
        {
            var (facts, typed) = (Traces.Facts(), TypedFilter);
            var result = Search.Search(new TraceSearchRequest
            {
                Range = State.Window.Range, Filter = Filter, Sort = Order.Sort, IsTurned = Order.IsTurned, Skip = Skip, Limit = Limit, CountFor = CountsAll ? null : CountFor, FacetTags = AskedFacets,
            }, cancel);
            View = TracesView.Of(State, typed, Order, Skip, Limit, result, result.Facets!);
            SampledOut = SampledOutLine.Of(LedgerSums.Of(Ledger.ReadLedger(State.Window.Range, typed.Service, LedgerPage.WidthFor(State.Window.Range))), typed.Service);
            if (result.MatchedTraceCount == 0) Explain(typed, facts, result, cancel);
            else if (View.Rows.Count == 0) (EmptySays, EmptyEvidence) = ($"There is no trace after the first {Figure.Whole(Skip)}.", $"{Figure.Of(result.MatchedTraceCount, "trace matches", "traces match")} in all.");
        }
        catch (QueryTextException error)
        {
            Failed = error.Message;
        }
        catch (StoreUnavailableException error)
        {
            Failed = error.Message;
        }
    }

    /// <summary>What of the list the address asks for; what it cannot have is said and left out.</summary>
    void ReadList()
    {
        Order = TraceOrder.Read(State.Url["sort"], out var complaint);
        if (complaint is not null) Complaints.Add(complaint);
        Limit = Number("limit", DefaultLimit, 1, TraceSearch.MaxLimit);
        Skip = Number("skip", 0, 0, TraceSearch.MaxSkip);
    }

    int Number(string name, int absent, int least, int most)
    {
        if (State.Url[name] is not { } text) return absent;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        Complaints.Add($"“{(text.Length > 40 ? text[..40] + "…" : text)}” cannot be used for {name}=: it is a number from {Figure.Whole(least)} to {Figure.Whole(most)}. This page takes {Figure.Whole(absent)}.");
        return absent;
    }

    /// <summary>Nothing matches: says what would, one condition less or another time.</summary>
    void Explain(TraceFilter typed, TraceStoreFacts facts, TraceSearchResult result, CancellationToken cancel)
    {
        Dropped = [.. Droppable(typed).Select(without => (Without: without, Count: CountOf(without.Url, without.Typed, cancel))).Where(pair => pair.Count.TraceCount > 0)
            .Select(pair => new DroppedCondition(pair.Without.Condition, pair.Count.TraceCount, pair.Without.Url.Without("limit", "skip").ToString()) { IsAtLeast = pair.Count.IsAtLeast })];
        if (Dropped.Count == 0 && !typed.IsEmpty && CountOf(State.Url, TraceFilter.Empty, cancel) is { TraceCount: > 0 } all)
            Dropped = [new DroppedCondition("the query", all.TraceCount, State.Here(("q", null))) { IsAtLeast = all.IsAtLeast }];
        // A search may know from the blocks' filters that nothing matches, without looking at a span.
        var hasSpans = result.ScannedSpanCount > 0 || Dropped.Count > 0 || CountOf(new PageUrl("/traces", []), TraceFilter.Empty, cancel).TraceCount > 0;
        var without = Dropped.Count > 0 ? Dropped.MaxBy(dropped => dropped.TraceCount) : null;
        EmptySays = !hasSpans ? $"No span started in {State.Window.InWords(State.Zone)}."
            : without is null ? "No trace matches."
            : $"No trace matches; without {without.Condition} there {(without.TraceCount == 1 ? "is" : "are")} {without.Count}.";
        if (!hasSpans && facts.NewestStartUnixNanos is { } newest)
        {
            var isAhead = newest - State.NowUnixNanos > DataElsewhere.ToleratedNanos;
            EmptyEvidence = $"The newest of {Figure.Of(facts.SpanCount, "stored span")} started {State.TimeExact(newest)}, {(isAhead ? $"{Figure.Duration(newest - State.NowUnixNanos)} from now: the clock of its host is ahead" : Figure.Ago(newest, State.NowUnixNanos))}.";
        }
        else
        {
            EmptyEvidence = result.ScannedSpanCount == 0 ? "No block of spans stored in this time holds such a value." : $"{Figure.Of(result.ScannedSpanCount, "span")} of {State.Window.InWords(State.Zone)} {(result.ScannedSpanCount == 1 ? "was" : "were")} looked at.";
        }
        var elsewhere = NewestOf(facts, cancel) is { } at && !State.Window.Range.Contains(at) ? at : 0;
        NewestElsewhere = elsewhere == 0 ? null : DataElsewhere.Around(elsewhere, State);
        Nothing = new ScreenFacts
        {
            Noun = "traces",
            Filters = [.. Dropped.Select(dropped => new FilterFact(dropped.Condition, dropped.TraceCount, dropped.Link))],
            OtherEnvs = [.. OtherEnvs(typed, cancel)],
            WindowNanos = State.Window.Range.LengthNanos,
            WindowText = State.Window.IsLive ? "" : State.Window.InWords(State.Zone),
            NewestUnixNanos = elsewhere,
        };
    }

    /// <summary>Start of the newest trace that matches, whenever; null when none is found soon.</summary>
    long? NewestOf(TraceStoreFacts facts, CancellationToken cancel) => Filter.IsEmpty ? facts.NewestStartUnixNanos
        : Search.Search(new TraceSearchRequest { Range = TimeRange.All, Filter = Filter, Limit = 1, CountFor = DroppedCountFor, Deadline = NewestSearchedFor }, cancel).Traces is [var newest, ..] ? newest.StartUnixNanos : null;

    /// <summary>What other environments have in place of the one asked for, the most first.</summary>
    IEnumerable<FilterFact> OtherEnvs(TraceFilter typed, CancellationToken cancel)
    {
        if ((typed.Env ?? State.Env) is not { } env || Droppable(typed).Where(without => without.Condition == EnvText(env)).Select(without => ((PageUrl Url, TraceFilter Typed)?)(without.Url, without.Typed)).FirstOrDefault() is not { } rest) return [];
        return Catalogue.Services().SelectMany(service => service.Envs).Distinct(StringComparer.Ordinal).Where(other => other != env).Order(StringComparer.Ordinal).Take(MaxOtherEnvs)
            .Select(other => (Name: other, Url: rest.Url.With("env", other).Without("limit", "skip")))
            .Select(other => new FilterFact(EnvText(other.Name), CountOf(other.Url, rest.Typed, cancel).TraceCount, other.Url.ToString()))
            .Where(other => other.Count > 0).OrderByDescending(other => other.Count);
    }

    static string EnvText(string env) => TraceFilter.Empty.With("env", env).ToString();

    /// <summary>What can be left out of the question, one at a time: what the frame and the fields beside the query add, and the query's conditions.</summary>
    IEnumerable<(string Condition, PageUrl Url, TraceFilter Typed)> Droppable(TraceFilter typed)
    {
        if (State.Env is { } env && typed.Env is null) yield return (EnvText(env), State.Url.Without("env"), typed);
        foreach (var name in new[] { "min", "max" })
            if (State.Url[name] is { } bound) yield return (TraceQuery.Complete(TraceFilter.Empty, new PageUrl("/traces", [new(name, bound)])).ToString(), State.Url.Without(name), typed);
        for (var i = 0; i < Math.Min(typed.Conditions.Count, MaxDropped); i++)
        {
            var rest = TracesView.WithoutCondition(typed, i);
            yield return (typed.Conditions[i].ToString()!, State.Url.With("q", rest), TraceFilterParser.Parse(rest));
        }
    }

    (int TraceCount, bool IsAtLeast) CountOf(PageUrl url, TraceFilter typed, CancellationToken cancel)
    {
        var found = Search.Search(new TraceSearchRequest { Range = State.Window.Range, Filter = TraceQuery.Complete(typed, url), Limit = 1, CountFor = DroppedCountFor }, cancel);
        return (found.MatchedTraceCount, !found.IsComplete);
    }
}

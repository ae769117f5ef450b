using System.Runtime.InteropServices;
using Apm.Core.Spans;
using Apm.Query.Matching;

namespace Apm.Query.Traces;

/// <summary>
/// What traces are ordered by: one number each, the lowest first. Some orders go by the span that stands for a trace, which is only
/// known when all its spans were seen; those are gathered here while a search runs.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
sealed class SortKeys(TraceTable table, TraceSort sort, bool isTurned)
{
    /// <summary>Characters of a service or an endpoint that decide their order; default 200.</summary>
    public const int MaxTextChars = 200;

    /// <summary>Most pairs of a trace and a service counted; default 4 M. Beyond it further services of a trace do not count.</summary>
    public const int MaxServicePairs = 4_000_000;

    readonly List<Standing> _standing = [];
    readonly Dictionary<(string, string), int> _texts = [];
    readonly Dictionary<string, int> _services = new(StringComparer.Ordinal);
    readonly HashSet<(int Trace, int Service)> _pairs = [];
    int[]? _ranks;

    /// <summary>The order goes by spans besides those that match.</summary>
    public bool NeedWholeTraces => sort is not (TraceSort.Newest or TraceSort.Oldest);

    /// <summary>The order goes by what is gathered with <see cref="Add"/>.</summary>
    bool AreGathered => sort is TraceSort.Endpoint or TraceSort.Status or TraceSort.MostServices or TraceSort.Kept;

    /// <summary>Takes the spans of a batch, after the table did.</summary>
    public void Add(SpanBatch batch, ReadOnlySpan<int> spans)
    {
        if (!AreGathered) return;
        _ranks = null;
        var statuses = new HttpStatusColumn(batch);
        var texts = new Dictionary<(int, int), int>();
        foreach (var span in spans)
        {
            var at = table.Find(batch.TraceIdHigh[span], batch.TraceIdLow[span]);
            if (at < 0) continue;
            while (_standing.Count <= at) _standing.Add(new Standing { StartUnixNanos = long.MaxValue, SpanId = ulong.MaxValue });
            ref var standing = ref CollectionsMarshal.AsSpan(_standing)[at];
            if (sort == TraceSort.MostServices)
            {
                if (_pairs.Count < MaxServicePairs && _pairs.Add((at, ServiceOf(batch, span, texts)))) standing.Key--;
                continue;
            }
            var isRoot = batch.ParentIds[span] == 0;
            if (standing.IsRoot && !isRoot) continue;
            var before = isRoot == standing.IsRoot ? (standing.StartUnixNanos, standing.SpanId) : (long.MaxValue, ulong.MaxValue);
            if ((batch.StartUnixNanos[span], batch.SpanIds[span]).CompareTo(before) > 0) continue;
            standing = new Standing { IsRoot = isRoot, StartUnixNanos = batch.StartUnixNanos[span], SpanId = batch.SpanIds[span], Key = sort switch
            {
                TraceSort.Endpoint => TextOf(batch, span, texts),
                TraceSort.Status => ~StatusOf(statuses.Of(span), (batch.Flags[span] & SpanFlags.Error) != 0),
                _ => KeptRanks[batch.Flags[span].Verdict()],
            } };
        }
    }

    /// <summary>Compares two entries of the table: by the order, then the newest, then by id.</summary>
    public int Compare(int left, int right)
    {
        var order = isTurned ? KeyOf(right).CompareTo(KeyOf(left)) : KeyOf(left).CompareTo(KeyOf(right));
        if (order == 0) order = table[right].MatchStartUnixNanos.CompareTo(table[left].MatchStartUnixNanos);
        return order != 0 ? order : table[left].TraceId.CompareTo(table[right].TraceId);
    }

    /// <summary>A complement turns an order round, and overflows for no number.</summary>
    long KeyOf(int at)
    {
        ref var trace = ref table[at];
        return sort switch
        {
            TraceSort.Oldest => trace.MatchStartUnixNanos,
            TraceSort.Newest => ~trace.MatchStartUnixNanos,
            TraceSort.Slowest => ~trace.DurationNanos,
            TraceSort.MostErrors => ~(long)trace.ErrorCount,
            TraceSort.MostSpans => ~(long)trace.SpanCount,
            TraceSort.Endpoint => (_ranks ??= Ranks())[_standing[at].Key],
            _ => _standing[at].Key,
        };
    }

    /// <summary>As it is shown: the code, or the word when there is none; what failed without a code comes before all codes.</summary>
    static int StatusOf(int code, bool isError) => code > 0 ? code : isError ? 1000 : 0;

    static readonly Dictionary<SampleVerdict, int> KeptRanks = Enum.GetValues<SampleVerdict>().OrderBy(verdict => verdict.Word(), StringComparer.Ordinal)
        .Select((verdict, rank) => (verdict, rank)).ToDictionary(pair => pair.verdict, pair => pair.rank);

    int ServiceOf(SpanBatch batch, int span, Dictionary<(int, int), int> known)
    {
        ref var service = ref CollectionsMarshal.GetValueRefOrAddDefault(known, (batch.Services[span], 0), out var isKnown);
        if (isKnown) return service;
        var name = batch.Strings.Text(batch.Services[span]);
        if (!_services.TryGetValue(name, out service)) _services.Add(name, service = _services.Count);
        return service;
    }

    int TextOf(SpanBatch batch, int span, Dictionary<(int, int), int> known)
    {
        var shown = batch.Resources[span] != 0 ? batch.Resources[span] : batch.Names[span];
        ref var text = ref CollectionsMarshal.GetValueRefOrAddDefault(known, (batch.Services[span], shown), out var isKnown);
        if (isKnown) return text;
        var pair = (Cut(batch.Strings.Text(batch.Services[span])), Cut(batch.Strings.Text(shown)));
        if (!_texts.TryGetValue(pair, out text)) _texts.Add(pair, text = _texts.Count);
        return text;
    }

    static string Cut(string text) => text.Length > MaxTextChars ? text[..MaxTextChars] : text;

    /// <summary>Where each text stands among all.</summary>
    int[] Ranks()
    {
        var ranks = new int[_texts.Count];
        var rank = 0;
        foreach (var text in _texts.OrderBy(pair => pair.Key.Item1, StringComparer.Ordinal).ThenBy(pair => pair.Key.Item2, StringComparer.Ordinal)) ranks[text.Value] = rank++;
        return ranks;
    }

    /// <summary>The span that stands for a trace, so far.</summary>
    struct Standing
    {
        public bool IsRoot;
        public long StartUnixNanos;
        public ulong SpanId;
        public int Key;
    }
}

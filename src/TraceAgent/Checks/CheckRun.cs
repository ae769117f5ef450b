using Apm.Core.Checks;
using Apm.Core.Events;
using Apm.Core.Limits;

namespace Apm.TraceAgent.Checks;

/// <summary>Takes what one run gives out, attaches the instance's tags, host and name space, and holds it until the run has ended.</summary>
/// <remarks>One thread at a time. What comes after <see cref="Close"/>, from a run that was given up, is passed over.</remarks>
public sealed class CheckRun(CheckPlan plan, ICheckSums sums, long startedUnixSeconds, int maxSubmissions, MemoryAccount memory) : ICheckOutput
{
    /// <summary>Most warnings and facts kept of a run; further ones are passed over.</summary>
    public const int MaxTexts = 100;

    /// <summary>Longest warning or fact, in characters; the rest is cut.</summary>
    public const int MaxTextChars = 2_000;

    const int ChunkBytes = 65_536;
    const int SubmissionBytes = 200; // Beside its texts.

    readonly Lock _lock = new();
    readonly List<ServiceCheckRun> _answers = [];
    readonly List<EventRecord> _events = [];
    readonly List<string> _warnings = [];
    readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    long _reservedBytes;
    long _usedBytes;
    long _dropped;
    CheckCounts _counts;
    bool _isClosed;

    public IReadOnlyList<ServiceCheckRun> Answers => _answers;
    public IReadOnlyList<EventRecord> Events => _events;
    public IReadOnlyDictionary<string, string> Facts => _metadata;
    public CheckCounts Counts => _counts;

    /// <summary>What was dropped because it was too much.</summary>
    public long DroppedCount => _dropped;

    /// <summary>What the run had to say, and what is to be said of it.</summary>
    public IReadOnlyList<string> Warnings => _dropped == 0 ? _warnings : [.. _warnings, $"{_dropped} submissions were dropped: a run may give out {maxSubmissions}, as far as there is memory."];

    /// <inheritdoc/>
    public void Submit(CheckMetricKind kind, string metric, double value, IReadOnlyList<string> tags)
    {
        lock (_lock)
        {
            if (!TakesOne(metric, tags)) return;
            sums.Submit(kind, NameOf(metric), value, TagsOf(tags));
            _counts += new CheckCounts(1, 0, 0);
        }
    }

    /// <inheritdoc/>
    public void ServiceCheck(string name, CheckStatus status, IReadOnlyList<string> tags, string message)
    {
        lock (_lock)
        {
            if (!TakesOne(name, tags)) return;
            var all = TagsOf(tags);
            _answers.Add(new ServiceCheckRun(NameOf(name), status, startedUnixSeconds, HostIn(all), [.. all.Where(tag => !IsHost(tag))], Cut(message)));
            _counts += new CheckCounts(0, 0, 1);
        }
    }

    /// <inheritdoc/>
    public void Event(EventRecord happened)
    {
        lock (_lock)
        {
            if (!TakesOne(happened.Title + happened.Text, happened.Tags)) return;
            _events.Add(happened with { Host = happened.Host.Length > 0 ? happened.Host : plan.Host, Tags = [.. happened.Tags.Concat(plan.Tags).Distinct(StringComparer.Ordinal)] });
            _counts += new CheckCounts(0, 1, 0);
        }
    }

    /// <inheritdoc/>
    public void Warn(string sentence)
    {
        lock (_lock) if (!_isClosed && _warnings.Count < MaxTexts) _warnings.Add(Cut(sentence));
    }

    /// <inheritdoc/>
    public void Metadata(string name, string value)
    {
        lock (_lock) if (!_isClosed && _metadata.Count < MaxTexts) _metadata[Cut(name)] = Cut(value);
    }

    /// <summary>Takes nothing from now on.</summary>
    public void Close()
    {
        lock (_lock) _isClosed = true;
    }

    /// <summary>Gives its memory back, once what it holds was handed on.</summary>
    public void Release()
    {
        memory.Release(_reservedBytes);
        _reservedBytes = 0;
    }

    bool TakesOne(string text, IReadOnlyList<string> tags)
    {
        if (_isClosed) return false;
        _usedBytes += SubmissionBytes + 2 * (text.Length + tags.Sum(tag => tag.Length));
        if (_counts.MetricSampleCount + _counts.EventCount + _counts.ServiceCheckCount < maxSubmissions && HasRoom()) return true;
        _dropped++;
        return false;
    }

    bool HasRoom()
    {
        if (_usedBytes <= _reservedBytes) return true;
        var more = Math.Max(ChunkBytes, _usedBytes - _reservedBytes);
        if (!memory.TryReserve(more)) return false;
        _reservedBytes += more;
        return true;
    }

    string NameOf(string name) => plan.Namespace.Length == 0 ? name : $"{plan.Namespace}.{name}";

    IReadOnlyList<string> TagsOf(IReadOnlyList<string> tags)
    {
        var host = plan.Host.Length > 0 && !tags.Any(IsHost) ? $"host:{plan.Host}" : null;
        return host is null && plan.Tags.Count == 0 ? tags : [.. tags.Concat(plan.Tags).Concat(host is null ? [] : [host]).Distinct(StringComparer.Ordinal)]; // A check may attach its instance's tags itself.
    }

    static bool IsHost(string tag) => tag.StartsWith("host:", StringComparison.Ordinal);

    static string HostIn(IReadOnlyList<string> tags) => tags.FirstOrDefault(IsHost)?["host:".Length..] ?? "";

    static string Cut(string text) => text.Length <= MaxTextChars ? text : string.Concat(text.AsSpan(0, MaxTextChars), "…");
}

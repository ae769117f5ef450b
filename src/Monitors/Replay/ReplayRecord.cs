using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Monitors.Schedule;

namespace Apm.Monitors.Replay;

/// <summary>Notes what comes of each evaluation, and makes the result of it.</summary>
sealed class ReplayRecord
{
    /// <summary>About so many values are kept of a group: what a chart of the usual width can show.</summary>
    const int Slots = 360;

    readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);
    readonly List<AlertTransition> _told = [];
    readonly bool _isDownward;
    readonly long _from;
    readonly int _slotSeconds;
    readonly int _slotCount;
    int _evaluationCount;
    int _skippedCount;
    string _skippedReason = "";
    int _toldCount;
    int _mutedCount;
    int _leftOutNow;
    int _leftOutMost;
    long _first;
    long? _firstData;
    ReplayValue? _highest;
    ReplayValue? _lowest;

    public ReplayRecord(MonitorQuery query, long from, long to)
    {
        (_from, _isDownward) = (from, query.Condition?.Comparison.IsDownward == true);
        var evaluations = Math.Max(1, (to - from) / query.PeriodSeconds);
        _slotSeconds = (int)((evaluations + Slots - 1) / Slots) * query.PeriodSeconds;
        _slotCount = (int)((to - from) / _slotSeconds) + 1;
    }

    public int ChangeCount { get; private set; }

    /// <summary>Whether the next telling is among those that the result lists.</summary>
    public bool Lists => _toldCount < MonitorReplay.MaxTold;

    public void Evaluated(long now)
    {
        if (_evaluationCount++ == 0) _first = now;
        _leftOutNow = 0;
    }

    public void Skipped(string reason)
    {
        _skippedCount++;
        _skippedReason = reason;
    }

    public void LeftOut() => _leftOutMost = Math.Max(_leftOutMost, ++_leftOutNow);

    public void Add(RoundStep step, long now)
    {
        if (step.Told is { } told)
        {
            if (_toldCount++ < MonitorReplay.MaxTold) _told.Add(told);
        }
        else if (step.IsMuted && step.After is { } changed && changed.State != step.Before.State && (step.Before.IsJudged || changed.State != MonitorState.Ok)) _mutedCount++; // Nobody hears of a first OK.
        if (!_lines.TryGetValue(step.Before.Group, out var line)) _lines.Add(step.Before.Group, line = new Line(step.Before.Tags, _slotCount));
        if (step.After is not { } after)
        {
            line.End(now);
            return;
        }
        // Without data the last state may be kept; what is shown is that there was none when nothing was ever judged.
        if (line.Enter(now, after.IsJudged ? after.State : MonitorState.NoData, step.IsMuted)) ChangeCount++;
        if (after.IsMissing || after.Value is not { } value || !double.IsFinite(value)) return;
        _firstData ??= now;
        line.Enter((int)((now - _from) / _slotSeconds), value, _isDownward);
        if (_highest is null || value > _highest.Value) _highest = new ReplayValue(value, now, after.Group);
        if (_lowest is null || value < _lowest.Value) _lowest = new ReplayValue(value, now, after.Group);
    }

    public ReplayResult Result(long to) => new()
    {
        FromUnixSeconds = _from,
        ToUnixSeconds = to,
        EvaluationCount = _evaluationCount,
        SkippedCount = _skippedCount,
        SkippedReason = _skippedReason,
        Told = _told,
        ToldCount = _toldCount,
        MutedCount = _mutedCount,
        LeftOutGroupCount = _leftOutMost,
        Groups = [.. _lines.Select(pair => pair.Value.Result(pair.Key, to)).OrderByDescending(TroubledSeconds).ThenBy(group => group.Group, StringComparer.Ordinal)],
        SlotSeconds = _slotSeconds,
        Highest = _highest,
        Lowest = _lowest,
        FirstEvaluationUnixSeconds = _first,
        FirstDataUnixSeconds = _firstData,
    };

    static long TroubledSeconds(ReplayGroup group) => group.Spans.Where(span => span.State is not (MonitorState.Ok or MonitorState.NoData)).Sum(span => (span.ToUnixSeconds - span.FromUnixSeconds) * (span.State == MonitorState.Alert ? 2 : 1));

    /// <summary>One group's way.</summary>
    sealed class Line(IReadOnlyList<string> tags, int slotCount)
    {
        readonly List<ReplaySpan> _spans = [];
        readonly double?[] _values = new double?[slotCount];

        /// <returns>Whether it was another before.</returns>
        public bool Enter(long now, MonitorState state, bool isMuted)
        {
            if (_spans.Count > 0 && _spans[^1] is var last && last.ToUnixSeconds == long.MaxValue)
            {
                if (last.State == state && last.IsMuted == isMuted) return false;
                End(now);
            }
            _spans.Add(new ReplaySpan(now, long.MaxValue, state, isMuted));
            return true;
        }

        public void End(long now)
        {
            if (_spans.Count > 0 && _spans[^1].ToUnixSeconds == long.MaxValue) _spans[^1] = _spans[^1] with { ToUnixSeconds = now };
        }

        public void Enter(int slot, double value, bool isDownward)
        {
            if (slot >= 0 && slot < _values.Length && (_values[slot] is not { } known || (isDownward ? value < known : value > known))) _values[slot] = value;
        }

        public ReplayGroup Result(string group, long to)
        {
            End(to);
            return new ReplayGroup(group, tags, [.. _spans.Where(span => span.ToUnixSeconds > span.FromUnixSeconds)], _values);
        }
    }
}

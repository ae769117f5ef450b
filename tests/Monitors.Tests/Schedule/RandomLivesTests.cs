using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Evaluate;

namespace Apm.Monitors.Tests.Schedule;

/// <summary>Seeded random lives of a monitor: values, gaps, mutes, restarts, a teller that refuses; against a simple model.</summary>
public class RandomLivesTests
{
    const int Minutes = 240;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Restarts_lose_and_double_nothing(int seed)
    {
        using var calm = new MonitorLab();
        using var rough = new MonitorLab();
        var random = new Random(seed);
        foreach (var lab in (MonitorLab[])[calm, rough])
        {
            var values = new Random(seed + 2_000);
            lab.Add("avg(last_1m):avg:my_metric{*} by {host} > 800", new MonitorOptions { Thresholds = new() { Critical = 800, Warning = 500 }, NotifyNoData = true, NoDataTimeframeMinutes = 5, RenotifyIntervalMinutes = 7 });
            foreach (var host in (string[])["host:a", "host:b", "host:c"])
                for (var minute = 0; minute < Minutes;)
                {
                    var length = values.Next(1, 12);
                    if (values.Next(4) > 0) lab.Feed(minute, Math.Min(Minutes, minute + length), values.Next(1_000), tags: host);
                    minute += length;
                }
            for (var minute = 20; minute < Minutes; minute += values.Next(20, 60)) lab.Book.Add(minute, minute + values.Next(3, 20), values.Next(2) == 0);
        }
        for (var minute = 1; minute <= Minutes; minute++)
        {
            calm.EvaluateAt(minute);
            rough.EvaluateAt(minute);
            if (random.Next(5) == 0) rough.Restart();
            Assert.Equal(0, rough.EvaluateAt(minute)); // The minute is done, also for who comes after a restart.
        }

        Assert.NotEmpty(calm.Lines);
        Assert.Equal(calm.Lines.Order(), rough.Lines.Order());
        Assert.Equal(rough.Told.All.Count, rough.Told.All.Select(told => told.Id).Distinct().Count());
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    public void A_replay_of_a_life_with_mutes_of_its_own_tells_what_was_told(int seed)
    {
        using var lab = new MonitorLab();
        var random = new Random(seed);
        var rule = lab.Add("avg(last_1m):avg:my_metric{*} by {host} > 800", new MonitorOptions { Thresholds = new() { Critical = 800, Warning = 500 }, NotifyNoData = true, NoDataTimeframeMinutes = 5, RenotifyIntervalMinutes = 9 });
        foreach (var host in (string[])["host:a", "host:b"])
            for (var minute = 0; minute < Minutes;)
            {
                var length = random.Next(1, 12);
                if (random.Next(4) > 0) lab.Feed(minute, Math.Min(Minutes, minute + length), random.Next(1_000), tags: host);
                minute += length;
            }
        for (var minute = 1; minute <= Minutes; minute++)
        {
            lab.EvaluateAt(minute);
            lab.Clock.Now = MonitorLab.At(minute + 0.5) * Apm.Core.Time.UnixTime.NanosPerSecond; // Between two evaluations.
            if (random.Next(15) == 0)
                lab.Rules.Change(rule.Id, known => known with { Options = known.Options with { Silenced = random.Next(3) == 0 ? new Dictionary<string, long?>() : new Dictionary<string, long?> { [random.Next(2) == 0 ? "*" : "host:a"] = random.Next(2) == 0 ? null : MonitorLab.At(minute + random.Next(2, 20)) } } });
            if (random.Next(40) == 0 && lab.MuteAll.Mute(MonitorLab.At(minute + 0.5)) is null) lab.MuteAll.Unmute();
            if (random.Next(30) == 0) lab.Restart();
        }

        var replay = lab.Replay.Between(lab.Rules.Find(rule.Id)!, MonitorLab.At(1), MonitorLab.At(Minutes));

        Assert.NotEmpty(lab.Lines);
        Assert.Equal(lab.Lines.Order(StringComparer.Ordinal), replay.Told.Select(told => $"{(told.AtUnixSeconds - MonitorLab.Start) / 60} {(told.IsRepeat ? "Re-" + told.To : told.Kind)} {told.Group}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void A_teller_that_refuses_at_times_is_told_everything_once(int seed)
    {
        using var lab = new MonitorLab();
        var random = new Random(seed);
        var rule = lab.Add("avg(last_1m):avg:my_metric{*} by {host} > 800", new MonitorOptions { Thresholds = new() { Critical = 800, Warning = 500 } });
        foreach (var host in (string[])["host:a", "host:b", "host:c"])
            for (var minute = 0; minute < 100; minute += 2) lab.Feed(minute, minute + 2, random.Next(1_000), tags: host);
        for (var minute = 1; minute < 100; minute++)
        {
            lab.Told.Refuses = () => random.Next(2) == 0;
            lab.EvaluateAt(minute);
            if (random.Next(4) == 0) lab.Restart();
        }
        lab.Told.Refuses = () => false;
        lab.EvaluateAt(100);

        Assert.True(lab.Told.OfferedAgain > 0);
        foreach (var group in lab.Told.All.GroupBy(told => told.Group))
        {
            var chain = group.Select(told => (told.From, told.To)).ToList();
            Assert.All(chain.Zip(chain.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
            Assert.Equal(lab.State(rule.Id, group.Key).State, chain[^1].To);
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void States_and_what_is_told_follow_a_simple_model(int seed)
    {
        var random = new Random(seed);
        for (var life = 0; life < 200; life++)
        {
            using var world = new ModelWorld(random);
            for (var step = 0; step < 60; step++) world.Step();
        }
    }

    /// <summary>
    /// One group and its model. The model keeps only the state and what it would have told; it knows no flags of its own but whether
    /// trouble had been told when the mute began.
    /// </summary>
    sealed class ModelWorld(Random random) : IDisposable
    {
        readonly MonitorRule _rule = new() { Type = "metric alert", Name = "m", Query = "avg(last_1m):avg:m{*} > 800", Options = new() { Thresholds = new() { Critical = 800, Warning = 500, CriticalRecovery = 700 }, NotifyNoData = true, NoDataTimeframeMinutes = 3 } };
        GroupState _state = new() { Group = GroupState.Whole, FirstSeenUnixSeconds = 0 };
        MonitorState? _modelState; // Null before it was ever judged.
        MonitorState? _lastTold;
        long _now = 6_000;
        long? _lastData;
        bool _isMuted;
        bool _owes;
        bool _mutesRecovery;

        public void Dispose() => Assert.Equal(_modelState ?? MonitorState.NoData, _state.State);

        public void Step()
        {
            _now += 60;
            double? value = random.Next(4) == 0 ? null : random.Next(1_000);
            var wasMuted = _isMuted;
            if (random.Next(8) == 0) (_isMuted, _mutesRecovery) = (!_isMuted, random.Next(2) == 0);
            IReadOnlyList<DowntimeEnd> ends = wasMuted && !_isMuted ? [new DowntimeEnd("1", 0, _now, [MonitorState.Alert])] : [];
            var expected = Expect(value, wasMuted);
            var context = new TurnContext(_rule, Apm.Monitors.Queries.MonitorQueryParser.Parse(_rule.Type, _rule.Query), _now, new((_now - 60) * 1_000_000_000, _now * 1_000_000_000));
            var reading = value is { } found ? GroupReading.Whole with { Value = found, LastDataUnixSeconds = _now } : null;

            var result = GroupTurn.Of(context, _state, reading, _isMuted ? new Muting(true, null, _mutesRecovery, []) : Muting.None, ends);

            Assert.Equal(expected, result.Told?.Kind);
            Assert.Equal(_modelState ?? MonitorState.NoData, result.After.State);
            _state = result.After;
        }

        AlertKind? Expect(double? value, bool wasMuted)
        {
            if (_isMuted && !wasMuted) _owes = _modelState is not (null or MonitorState.Ok) && _lastTold is not (null or MonitorState.Ok);
            if (!_isMuted) _owes = false;
            var from = _modelState;
            if (value is { } found)
            {
                _lastData = _now;
                _modelState = found > 800 || (from == MonitorState.Alert && found > 700) ? MonitorState.Alert : found > 500 ? MonitorState.Warn : MonitorState.Ok;
            }
            else if (_lastData is { } last && _now - last >= 180) _modelState = MonitorState.NoData;
            var kind = Kind(from);
            if (_modelState == from && ends(wasMuted) && from == MonitorState.Alert) kind = AlertKind.Triggered;
            if (_isMuted && !(kind == AlertKind.Recovered && _owes && !_mutesRecovery)) kind = null;
            if (_modelState == MonitorState.Ok && from != MonitorState.Ok) _owes = false;
            if (kind is not null) _lastTold = _modelState;
            return kind;

            bool ends(bool was) => was && !_isMuted;
        }

        AlertKind? Kind(MonitorState? from) => _modelState == from ? null : _modelState switch
        {
            MonitorState.Alert => AlertKind.Triggered,
            MonitorState.Warn => AlertKind.Warn,
            MonitorState.NoData => AlertKind.NoData,
            _ => from is MonitorState.Alert or MonitorState.Warn || _lastTold is not (null or MonitorState.Ok) ? AlertKind.Recovered : null,
        };
    }
}

using Apm.Core.Counting;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>Rolls days up when they are over, and drops their files in time.</summary>
/// <remarks>One thread at a time.</remarks>
/// <param name="path">Of the folder, for messages.</param>
sealed class DayKeeper(
    string path, MetricFolder files, MetricDays days, Lock storeLock, DirectoryCache directories, MetricStoreSettings settings, TimeProvider clock, Counters counters)
{
    /// <summary>A day that got late points, or could not be rolled up, has its next turn after this.</summary>
    const int RollUpAgainSeconds = 3_600;

    readonly DayRoller _roller = new(files, directories);
    readonly Dictionary<long, long> _rolledUpAt = [];

    /// <summary>Rolls up the days that are over, one after the other.</summary>
    public void RollUpDays(CancellationToken cancel)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (var (day, old) in days.Now)
        {
            if (old.Raw is not { Blocks.Count: > 0 } || old.IsRolledUp || now < MetricDay.StartOf(day + 1) + (long)settings.RollUpAfter.TotalSeconds) continue;
            if (_rolledUpAt.TryGetValue(day, out var before) && now - before < RollUpAgainSeconds) continue;
            _rolledUpAt[day] = now;
            DayFiles rolledUp;
            try
            {
                rolledUp = _roller.RollUp(old, cancel);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or BlockDamagedException)
            {
                counters.Add("metric_store_failures", "roll_up");
                settings.OnTrouble($"The metrics of {MetricDay.ToText(day)} in {path} cannot be rolled up: {failure.Message} Its points stay as they are, and it is tried again in an hour. Free some disk space, or check the disk.");
                continue; // Other days, and the byte budget, must not wait for it.
            }
            lock (storeLock) days.Set(day, rolledUp);
            foreach (var replaced in old.All.Except(rolledUp.All))
            {
                directories.Forget(replaced);
                if (_roller.FoundDamage && replaced.Tier == MetricTier.Raw) files.SetAsideDamaged(replaced, "some series cannot be read");
                else files.Delete(replaced);
            }
        }
    }

    /// <summary>Drops the files that had their time, then those that had most of it until the rest is within the bytes.</summary>
    public void DropDays()
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (var file in days.Files.Where(file => PartOfTime(file, now) >= 1 && IsRolledUp(file)).ToList()) Drop(file, "age");
        while (days.ByteCount > settings.MaxBytes && (days.Files.Where(CanGo).MaxBy(file => PartOfTime(file, now)) ?? days.Files.MaxBy(file => PartOfTime(file, now))) is { } next)
            Drop(next, "bytes");
    }

    /// <summary>The newest day is what everybody looks at, and points that are not rolled up yet are all there is of their day: these go last.</summary>
    bool CanGo(MetricFile file) => file.Day != days.Now.Keys.Last() && IsRolledUp(file);

    bool IsRolledUp(MetricFile file) => file.Tier != MetricTier.Raw || file.Blocks.Count == 0 || days.Of(file.Day).IsRolledUp;

    double PartOfTime(MetricFile file, long nowUnixSeconds)
    {
        var keep = file.Tier == MetricTier.Raw ? settings.KeepRaw : file.Tier == MetricTier.Minute ? settings.KeepMinutes : settings.KeepHours;
        return (nowUnixSeconds - MetricDay.StartOf(file.Day + 1)) / keep.TotalSeconds;
    }

    void Drop(MetricFile file, string reason)
    {
        lock (storeLock) days.Set(file.Day, days.Of(file.Day).With(file.Tier, null));
        directories.Forget(file);
        files.Delete(file);
        counters.Add("metric_days_dropped", reason);
    }
}

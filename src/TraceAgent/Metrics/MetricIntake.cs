using System.Globalization;
using Apm.Core.Checks;
using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TraceAgent.Metrics;

/// <summary>Where what is taken in goes.</summary>
/// <param name="AddEvent">Keeps an event and gives it back with its id; may throw <see cref="StoreUnavailableException"/>.</param>
/// <param name="AddCheck">Keeps the answer of a check.</param>
public sealed record MetricSinks(IMetricStore Metrics, Func<EventRecord, EventRecord> AddEvent, Action<ServiceCheckRun> AddCheck);

/// <summary>What is taken in.</summary>
public sealed record MetricIntakeSettings
{
    /// <summary>How far ahead of now a point may be; default 10 minutes. A later one is dropped and counted in <c>metric_points_dropped{too_new}</c>.</summary>
    public TimeSpan MaxAhead { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long ago a point may be; default 1 hour. An older one is dropped and counted in <c>metric_points_dropped{too_old}</c>.</summary>
    public TimeSpan MaxBehind { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Takes points of any age, as far back as points are kept; for tests and for replaying history. Default false.</summary>
    public bool KeepOldPoints { get; init; }

    /// <summary>Most tags of a series, its host among them; default 100. Further ones are left out and counted in <c>metric_tags_dropped{too_many}</c>.</summary>
    public int MaxTags { get; init; } = 100;
}

/// <summary>
/// Normalises names and tags, drops what cannot be kept and counts it in <c>metric_points_dropped</c> by its reason, and hands on the rest
/// (metrics-monitors §3.4, §3.6).
/// </summary>
/// <remarks>Any thread may call anything. While the disk is nearly full nothing is taken, and senders offer it again.</remarks>
public sealed class MetricIntake(MetricSinks sinks, MetricIntakeSettings settings, Counters counters, RecentProblems problems, TimeProvider clock, IDiskGuard? disk = null) : IMetricIntake
{
    /// <summary>About what a series' part of a write takes in the log: the disk guard wants to know.</summary>
    const int BytesPerSeries = 48;

    /// <summary>The reasons for which points are dropped here.</summary>
    public const string BadName = "bad_name", TooOld = "too_old", TooNew = "too_new", NotFinite = "not_finite";

    readonly SparseProblems _problems = new("metrics", problems, clock);

    /// <inheritdoc/>
    public async Task<MetricWriteResult> TakeAsync(IReadOnlyList<IncomingSeries> series, CancellationToken cancel = default)
    {
        var window = Window();
        var dropped = new Drops();
        var kept = new List<SeriesPoints>(series.Count);
        foreach (var incoming in series)
            if (Normalise(incoming, window, dropped) is { } normal) kept.Add(normal);
        if (kept.Count > 0 && disk?.WhyClosed((long)kept.Count * BytesPerSeries) is { } closed) throw closed;
        var result = kept.Count == 0 ? default : await sinks.Metrics.WriteAsync(kept, cancel);
        dropped.CountIn(counters); // Only now: what could not be stored will be offered again.
        counters.Add("metric_points_received", count: result.StoredPointCount + result.DroppedPointCount + dropped.Sum);
        return result with { DroppedPointCount = result.DroppedPointCount + dropped.Sum };
    }

    /// <inheritdoc/>
    public EventRecord Take(EventRecord happened)
    {
        var kept = sinks.AddEvent(happened with { Tags = TagsOf(happened.Tags) });
        counters.Add("events_received");
        return kept;
    }

    /// <inheritdoc/>
    public void Take(ServiceCheckRun run)
    {
        sinks.AddCheck(run with { Tags = TagsOf(run.Tags) });
        counters.Add("service_checks_received");
    }

    /// <summary>Null when nothing of it can be kept.</summary>
    SeriesPoints? Normalise(IncomingSeries incoming, TimeWindow window, Drops dropped)
    {
        if (MetricNames.Metric(incoming.Metric) is not { } name)
        {
            dropped.BadName += incoming.Points.Count + incoming.Sketches.Count;
            _problems.Add(() => string.Create(CultureInfo.InvariantCulture,
                $"Metric \"{Shown(incoming.Metric)}\": a name begins with a letter from A to Z, so its {incoming.Points.Count + incoming.Sketches.Count} points are dropped. Rename it, for example to \"m.{Shown(incoming.Metric.TrimStart('.', '_'))}\"."));
            return null;
        }
        var points = Kept(incoming.Points, static point => point.UnixSeconds, static point => double.IsFinite(point.Value), window, dropped, name);
        var sketches = Kept(incoming.Sketches, static point => point.UnixSeconds, static point => point.Sketch.Count > 0, window, dropped, name);
        if (points.Count == 0 && sketches.Count == 0) return null;
        return new SeriesPoints(new SeriesKey(name, TagsOf(incoming.Tags)), incoming.Type, incoming.IntervalSeconds, points) { Sketches = sketches, Unit = incoming.Unit };
    }

    /// <summary>The list itself when all of it can be kept, as it nearly always is.</summary>
    IReadOnlyList<T> Kept<T>(IReadOnlyList<T> points, Func<T, long> timeOf, Predicate<T> isNumber, TimeWindow window, Drops dropped, string metric)
    {
        List<T>? kept = null;
        for (var i = 0; i < points.Count; i++)
        {
            var time = timeOf(points[i]);
            var isKept = true;
            if (!isNumber(points[i]))
            {
                dropped.NotFinite++;
                isKept = false;
            }
            else if (time > window.ToUnixSeconds)
            {
                dropped.TooNew++;
                isKept = false;
                _problems.Add(() => $"Metric \"{metric}\": a point {Span((double)time - window.NowUnixSeconds)} ahead of now is dropped, more than {Minutes(settings.MaxAhead)} min. Times are Unix seconds; check the sender's clock and whether it sends milliseconds.");
            }
            else if (time < window.FromUnixSeconds)
            {
                dropped.TooOld++;
                isKept = false;
                _problems.Add(() => $"Metric \"{metric}\": a point {Span(window.NowUnixSeconds - (double)time)} ago is dropped, more than {Minutes(settings.MaxBehind)} min. Send points sooner, or set metrics.keep_old_points to take history in.");
            }
            if (isKept) kept?.Add(points[i]);
            else if (kept is null)
            {
                kept = new List<T>(points.Count);
                for (var before = 0; before < i; before++) kept.Add(points[before]);
            }
        }
        return kept ?? points;
    }

    MetricTags TagsOf(IReadOnlyList<string> tags)
    {
        if (tags is MetricTags normal && normal.Count <= settings.MaxTags) return normal; // Whoever sums up has normalised them already.
        var kept = new List<string>(tags.Count);
        foreach (var tag in tags)
        {
            if (MetricNames.Tag(tag) is not { } name) counters.Add("metric_tags_dropped", "unusable");
            else if (kept.Count >= settings.MaxTags && !MetricTags.KeyIn(name).Equals("host", StringComparison.Ordinal)) counters.Add("metric_tags_dropped", "too_many");
            else kept.Add(name);
        }
        return MetricTags.Of(kept);
    }

    TimeWindow Window()
    {
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        return new TimeWindow(now, settings.KeepOldPoints ? 0 : now - (long)settings.MaxBehind.TotalSeconds, now + (long)settings.MaxAhead.TotalSeconds);
    }

    static string Shown(string name) => Wire.DogStatsD.LineText.Visible(System.Text.Encoding.UTF8.GetBytes(name));

    static string Minutes(TimeSpan time) => time.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture);

    static string Span(double seconds)
    {
        var (number, unit) = seconds < 7_200 ? (seconds, "s") : seconds < 172_800 ? (seconds / 3_600, "h") : (seconds / 86_400, "days");
        return string.Create(CultureInfo.InvariantCulture, $"{number:0} {unit}");
    }

    readonly record struct TimeWindow(long NowUnixSeconds, long FromUnixSeconds, long ToUnixSeconds);

    sealed class Drops
    {
        public long BadName { get; set; }
        public long TooOld { get; set; }
        public long TooNew { get; set; }
        public long NotFinite { get; set; }

        public long Sum => BadName + TooOld + TooNew + NotFinite;

        public void CountIn(Counters counters)
        {
            counters.Add("metric_points_dropped", MetricIntake.BadName, BadName);
            counters.Add("metric_points_dropped", MetricIntake.TooOld, TooOld);
            counters.Add("metric_points_dropped", MetricIntake.TooNew, TooNew);
            counters.Add("metric_points_dropped", MetricIntake.NotFinite, NotFinite);
        }
    }
}

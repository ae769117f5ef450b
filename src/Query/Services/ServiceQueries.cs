using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.Query.Services;

/// <summary>
/// The numbers of services and endpoints, from the statistics of all spans. A percentile over a range is read from
/// merged sketches, never averaged.
/// </summary>
/// <remarks>
/// What entered a service are the cells with top-level hits (trace-intake §3.2). Any thread may call it.
/// </remarks>
public sealed class ServiceQueries(IStatsReader stats, ServiceCatalogue catalogue, TimeProvider clock)
{
    /// <summary>Buckets of a spark; default 30.</summary>
    public const int SparkBuckets = 30;

    /// <summary>A process that gave no sign of life for longer is taken as gone; default 3 min (telemetry comes every minute).</summary>
    public const long AliveNanos = 180 * UnixTime.NanosPerSecond;

    /// <summary>How long after its end a bucket may still grow; default 3 s.</summary>
    public const long SettleNanos = 3 * UnixTime.NanosPerSecond;

    /// <summary>Most points of a series; default 2000.</summary>
    public const int MaxPoints = 2000;

    /// <summary>Most bins of a distribution; default 60.</summary>
    public const int MaxLatencyBins = 60;

    /// <summary>Most rows of a heat map of durations; default 28.</summary>
    public const int MaxHeatRows = 28;

    /// <summary>All services known, by name: with numbers in the range, silent ones, and those that wait for their first request.</summary>
    /// <param name="env">Null for all; a service whose environment is not known yet is in each.</param>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public IReadOnlyList<ServiceSummary> Services(TimeRange range, string? env = null)
    {
        var step = TimeSteps.For(range, SparkBuckets, StatsBucket.CountedWidthNanos);
        var axis = TimeAxis.Of(range, step);
        var drafts = new Dictionary<string, ServiceDraft>(StringComparer.Ordinal);
        foreach (var row in stats.Read(range, new StatsFilter { Env = env }, step))
        {
            if (!drafts.TryGetValue(row.Key.Service, out var draft)) drafts.Add(row.Key.Service, draft = new ServiceDraft(axis));
            draft.Add(row);
        }

        var now = clock.NowUnixNanos();
        var alive = catalogue.Processes()
            .Where(process => process.Service.Length > 0 && !process.HasEnded && now - process.LastSeenUnixNanos <= AliveNanos && (env is null || process.Env.Length == 0 || process.Env == env))
            .ToLookup(process => process.Service, StringComparer.Ordinal);
        var known = catalogue.Services().Where(service => env is null || service.Envs.Count == 0 || service.Envs.Contains(env)).ToDictionary(service => service.Name, StringComparer.Ordinal);
        return [.. drafts.Keys.Union(known.Keys).Union(alive.Select(group => group.Key)).Order(StringComparer.Ordinal)
            .Select(name => Summary(name, known.GetValueOrDefault(name) ?? catalogue.Service(name), drafts.GetValueOrDefault(name), [.. alive[name]], range, axis))];
    }

    /// <summary>One service; null when nothing is known of it.</summary>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public ServiceSummary? Service(string service, TimeRange range, string? env = null)
    {
        var axis = TimeAxis.Of(range, TimeSteps.For(range, SparkBuckets, StatsBucket.CountedWidthNanos));
        ServiceDraft? draft = null;
        foreach (var row in stats.Read(range, new StatsFilter { Service = service, Env = env }, axis.StepNanos)) (draft ??= new ServiceDraft(axis)).Add(row);
        var now = clock.NowUnixNanos();
        var alive = ProcessesOf(service, env).Where(process => !process.HasEnded && now - process.LastSeenUnixNanos <= AliveNanos).ToList();
        var known = catalogue.Service(service);
        return draft is null && known is null && alive.Count == 0 ? null : Summary(service, known, draft, alive, range, axis);
    }

    /// <summary>The processes known of a service, alive or not.</summary>
    /// <param name="env">Null for all; a process whose environment is not known is in each.</param>
    public IEnumerable<ProcessInfo> ProcessesOf(string service, string? env) =>
        catalogue.Processes().Where(process => process.Service == service && (env is null || process.Env.Length == 0 || process.Env == env));

    /// <summary>What entered a service, most time first, then by name; known routes without a call come last.</summary>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public IReadOnlyList<EndpointSummary> Endpoints(string service, string? env, TimeRange range)
    {
        var sums = new Dictionary<(string Name, string Resource), (StatsSum Sum, string Type)>();
        foreach (var row in stats.Read(range, new StatsFilter { Service = service, Env = env }, CoarsestFor(range)))
        {
            if (row.Cell.TopLevelHitCount <= 0) continue;
            var key = (row.Key.Name, row.Key.Resource);
            if (!sums.TryGetValue(key, out var entry)) sums.Add(key, entry = (new StatsSum(), row.Key.Type));
            entry.Sum.Add(row.Cell);
        }
        var routes = ProcessesOf(service, env).SelectMany(process => process.Routes).DistinctBy(route => route.Resource, StringComparer.Ordinal).ToDictionary(route => route.Resource, StringComparer.Ordinal);
        var allNanos = sums.Values.Sum(entry => entry.Sum.TotalNanos);
        var seconds = SecondsOf(range);
        var called = sums.Select(pair => new EndpointSummary
        {
            Name = pair.Key.Name,
            Resource = pair.Key.Resource,
            Type = pair.Value.Type,
            HitCount = pair.Value.Sum.EntryCount,
            ErrorCount = pair.Value.Sum.ErrorCount,
            HitsPerSecond = pair.Value.Sum.EntryCount / seconds,
            P50Nanos = pair.Value.Sum.QuantileNanos(0.5),
            P95Nanos = pair.Value.Sum.QuantileNanos(0.95),
            P99Nanos = pair.Value.Sum.QuantileNanos(0.99),
            TotalNanos = pair.Value.Sum.TotalNanos,
            TimeShare = allNanos > 0 ? pair.Value.Sum.TotalNanos / allNanos : 0,
            Route = routes.GetValueOrDefault(pair.Key.Resource),
        }).OrderByDescending(endpoint => endpoint.TotalNanos).ThenBy(endpoint => endpoint.Resource, StringComparer.Ordinal).ThenBy(endpoint => endpoint.Name, StringComparer.Ordinal).ToList();

        var quiet = routes.Values.Where(route => !called.Exists(endpoint => endpoint.Resource == route.Resource)).OrderBy(route => route.Resource, StringComparer.Ordinal).ToList();
        if (quiet.Count == 0) return called;
        var ever = stats.Read(TimeRange.All, new StatsFilter { Service = service }, long.MaxValue).Select(row => row.Key.Resource).ToHashSet(StringComparer.Ordinal);
        return [.. called, .. quiet.Select(route => new EndpointSummary { Name = "", Resource = route.Resource, Route = route, IsNeverCalled = !ever.Contains(route.Resource) })];
    }

    /// <summary>Requests, errors and durations of a service, an operation or one endpoint over time.</summary>
    /// <param name="name">Operation; null for all that entered the service.</param>
    /// <param name="resource">Null for all.</param>
    /// <param name="maxPoints">About how many buckets are useful, such as half the width of the plot; at most <see cref="MaxPoints"/>.</param>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public RedSeries Series(string service, string? env, string? name, string? resource, TimeRange range, int maxPoints)
    {
        var axis = TimeAxis.Of(range, TimeSteps.For(range, Math.Clamp(maxPoints, 1, MaxPoints), StatsBucket.CountedWidthNanos));
        var hits = new double[axis.Count];
        var errors = new double[axis.Count];
        var sketches = new DDSketch?[axis.Count];
        var classes = new SortedDictionary<string, double[]>(StringComparer.Ordinal);
        foreach (var row in Entries(service, env, name, resource, range, axis.StepNanos))
        {
            var at = axis.IndexOf(row.StartUnixNanos);
            if (at < 0) continue;
            hits[at] += HitsOf(row.Cell, name);
            errors[at] += row.Cell.ErrorCount;
            foreach (var (statusClass, count) in ClassesOf(row, name))
            {
                if (count <= 0) continue;
                if (!classes.TryGetValue(statusClass, out var counts)) classes.Add(statusClass, counts = new double[axis.Count]);
                counts[at] += count;
            }
            var sketch = sketches[at] ??= new DDSketch();
            sketch.Merge(row.Cell.OkNanos);
            sketch.Merge(row.Cell.ErrorNanos);
        }
        var all = new DDSketch();
        foreach (var sketch in sketches) if (sketch is not null) all.Merge(sketch);
        return new RedSeries
        {
            Overall = LatencyPercentiles.Of(all),
            StepNanos = axis.StepNanos,
            StartUnixNanos = [.. Enumerable.Range(0, axis.Count).Select(axis.StartOf)],
            HitCounts = hits,
            ErrorCounts = errors,
            HitCountsByClass = classes.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<double>)pair.Value, StringComparer.Ordinal),
            P50Nanos = Quantiles(sketches, 0.5),
            P75Nanos = Quantiles(sketches, 0.75),
            P95Nanos = Quantiles(sketches, 0.95),
            P99Nanos = Quantiles(sketches, 0.99),
            IsLastBucketComplete = axis.Count == 0 || axis.StartOf(axis.Count - 1) + axis.StepNanos + SettleNanos <= clock.NowUnixNanos(),
        };
    }

    /// <summary>How the durations are spread.</summary>
    /// <param name="name">Operation; null for all that entered the service.</param>
    /// <param name="resource">Null for all.</param>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public LatencyDistribution Latencies(string service, string? env, string? name, string? resource, TimeRange range)
    {
        var (ok, error) = (new DDSketch(), new DDSketch());
        foreach (var row in Entries(service, env, name, resource, range, CoarsestFor(range)))
        {
            ok.Merge(row.Cell.OkNanos);
            error.Merge(row.Cell.ErrorNanos);
        }
        var all = ok.Clone();
        all.Merge(error);
        return new LatencyDistribution
        {
            Bins = LatencyBins.Of(ok, error, MaxLatencyBins),
            OkCount = ok.Count,
            ErrorCount = error.Count,
            P50Nanos = all.IsEmpty ? null : all.Quantile(0.5),
            P75Nanos = all.IsEmpty ? null : all.Quantile(0.75),
            P95Nanos = all.IsEmpty ? null : all.Quantile(0.95),
            P99Nanos = all.IsEmpty ? null : all.Quantile(0.99),
        };
    }

    /// <summary>How many requests took how long, over time.</summary>
    /// <param name="name">Operation; null for all that entered the service.</param>
    /// <param name="resource">Null for all.</param>
    /// <param name="maxColumns">At most <see cref="MaxPoints"/>.</param>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public LatencyHeat Heat(string service, string? env, string? name, string? resource, TimeRange range, int maxColumns)
    {
        var axis = TimeAxis.Of(range, TimeSteps.For(range, Math.Clamp(maxColumns, 1, MaxPoints), StatsBucket.CountedWidthNanos));
        var columns = new (DDSketch Ok, DDSketch Error)?[axis.Count];
        foreach (var row in Entries(service, env, name, resource, range, axis.StepNanos))
        {
            var at = axis.IndexOf(row.StartUnixNanos);
            if (at < 0) continue;
            var (ok, error) = columns[at] ??= (new DDSketch(), new DDSketch());
            ok.Merge(row.Cell.OkNanos);
            error.Merge(row.Cell.ErrorNanos);
        }
        return LatencyHeat.Of(axis, columns, MaxHeatRows);
    }

    /// <summary>Where the time of a service's requests goes, over time.</summary>
    /// <param name="maxPoints">At most <see cref="MaxPoints"/>.</param>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public TimeByCallee TimeByCallee(string service, string? env, TimeRange range, int maxPoints)
    {
        var axis = TimeAxis.Of(range, TimeSteps.For(range, Math.Clamp(maxPoints, 1, MaxPoints), StatsBucket.CountedWidthNanos));
        var (requests, own) = (new double[axis.Count], new double[axis.Count]);
        var callees = new Dictionary<(string Name, ServiceKind Kind), double[]>();
        foreach (var row in stats.Read(range, new StatsFilter { Service = service, Env = env }, axis.StepNanos))
        {
            var at = axis.IndexOf(row.StartUnixNanos);
            if (at < 0) continue;
            if (row.Cell.TopLevelHitCount > 0)
            {
                requests[at] += row.Cell.TopLevelHitCount;
                own[at] += row.Cell.DurationNanos;
            }
            if (!IsCall(row)) continue;
            var peer = PeerOf(row);
            if (!callees.TryGetValue((peer.Name, peer.Kind), out var nanos)) callees.Add((peer.Name, peer.Kind), nanos = new double[axis.Count]);
            nanos[at] += row.Cell.DurationNanos;
        }
        for (var i = 0; i < own.Length; i++) own[i] = Math.Max(0, own[i] - callees.Values.Sum(nanos => nanos[i]));
        return new TimeByCallee
        {
            StepNanos = axis.StepNanos,
            StartUnixNanos = [.. Enumerable.Range(0, axis.Count).Select(axis.StartOf)],
            RequestCounts = requests,
            OwnNanos = own,
            Callees = [.. callees.Select(pair => new CalleeTime(pair.Key.Name, pair.Key.Kind, pair.Value, pair.Value.Sum())).OrderByDescending(callee => callee.TotalNanos).ThenBy(callee => callee.Peer, StringComparer.Ordinal)],
        };
    }

    /// <summary>What a service calls, most time first: its spans that are calls, by operation and peer.</summary>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    public IReadOnlyList<DownstreamSummary> Downstream(string service, TimeRange range, string? env = null)
    {
        var sums = new Dictionary<(Peer Peer, string Name, string Type), StatsSum>();
        foreach (var row in stats.Read(range, new StatsFilter { Service = service, Env = env }, CoarsestFor(range)))
        {
            if (!IsCall(row)) continue;
            var peer = PeerOf(row);
            var key = (peer, row.Key.Name, row.Key.Type);
            if (!sums.TryGetValue(key, out var sum)) sums.Add(key, sum = new StatsSum());
            sum.Add(row.Cell);
        }
        return [.. sums.Select(pair => new DownstreamSummary
        {
            Peer = pair.Key.Peer.Name,
            Name = pair.Key.Name,
            Type = pair.Key.Type,
            Kind = pair.Key.Peer.Kind,
            HitCount = pair.Value.HitCount,
            ErrorCount = pair.Value.ErrorCount,
            TotalNanos = pair.Value.TotalNanos,
            P95Nanos = pair.Value.QuantileNanos(0.95),
        }).OrderByDescending(call => call.TotalNanos).ThenBy(call => call.Peer, StringComparer.Ordinal).ThenBy(call => call.Name, StringComparer.Ordinal)];
    }

    /// <summary>The cells asked for; without an operation, those that entered the service.</summary>
    IEnumerable<StatsRow> Entries(string service, string? env, string? name, string? resource, TimeRange range, long coarsestNanos) =>
        stats.Read(range, new StatsFilter { Service = service, Env = env, Name = name, Resource = resource }, coarsestNanos)
            .Where(row => name is not null || row.Cell.TopLevelHitCount > 0);

    static double HitsOf(StatsCell cell, string? name) => name is null ? cell.TopLevelHitCount : cell.HitCount;

    /// <summary>HTTP status tells the class where there is one; else the cell's errors and the rest.</summary>
    static IEnumerable<(string Class, double Count)> ClassesOf(StatsRow row, string? name)
    {
        var hits = HitsOf(row.Cell, name);
        var status = row.Key.HttpStatusCode / 100;
        if (status is >= 1 and <= 5) return [($"{status}xx", hits)];
        var errors = Math.Min(hits, row.Cell.ErrorCount);
        return [("ok", hits - errors), ("error", errors)];
    }

    static bool IsCall(StatsRow row) =>
        row.Key.Kind.Equals("client", StringComparison.OrdinalIgnoreCase) || row.Key.Kind.Equals("producer", StringComparison.OrdinalIgnoreCase)
        || (row.Key.Kind.Length == 0 && row.Cell.TopLevelHitCount == 0 && ServiceKinds.IsCall(row.Key.Type));

    /// <summary>What a call went to; its operation where no tag names it.</summary>
    static Peer PeerOf(StatsRow row) =>
        Peer.OfStatistics(row.Key.PeerTags, row.Key.Type, row.Key.Kind) ?? new Peer(row.Key.Name, ServiceKinds.Of(row.Key.Type, isClientSide: true), row.Key.Type);

    static ServiceSummary Summary(string name, ServiceInfo? known, ServiceDraft? draft, List<ProcessInfo> alive, TimeRange range, TimeAxis axis)
    {
        var sum = draft?.Entries ?? new StatsSum();
        var type = known is { Type.Length: > 0 } ? known.Type : draft?.Type ?? "";
        return new ServiceSummary
        {
            Name = name,
            Type = type,
            Kind = ServiceKinds.Of(type, isClientSide: draft is { HasEntries: true, IsOnlyCalls: true }),
            Language = known is { Language.Length: > 0 } ? known.Language : alive.Select(process => process.Language).FirstOrDefault(language => language.Length > 0) ?? "",
            Version = known is { Version.Length: > 0 } ? known.Version : alive.Select(process => process.Version).FirstOrDefault(version => version.Length > 0) ?? "",
            VersionSinceUnixNanos = known?.VersionSinceUnixNanos ?? 0,
            Envs = known?.Envs ?? [.. alive.Select(process => process.Env).Where(value => value.Length > 0).Distinct().Order(StringComparer.Ordinal)],
            ColorIndex = known?.ColorIndex ?? ServiceColors.Choose(name, []),
            HitCount = sum.EntryCount,
            ErrorCount = sum.ErrorCount,
            HitsPerSecond = sum.EntryCount / SecondsOf(range),
            P50Nanos = sum.QuantileNanos(0.5),
            P95Nanos = sum.QuantileNanos(0.95),
            P99Nanos = sum.QuantileNanos(0.99),
            MaxNanos = sum.QuantileNanos(1),
            TotalNanos = sum.TotalNanos,
            Apdex = sum.Apdex,
            SparkStepNanos = axis.StepNanos,
            HitSpark = draft?.Hits ?? new double[axis.Count],
            ErrorSpark = draft?.Errors ?? new double[axis.Count],
            LastSeenUnixNanos = Math.Max(known?.LastSeenUnixNanos ?? 0, alive.Select(process => process.LastSeenUnixNanos).DefaultIfEmpty().Max()),
            IsWaiting = known is null && draft is null && alive.Count > 0 && alive.All(process => process.SpanCount == 0),
            Processes = alive,
        };
    }

    /// <summary>Buckets at the borders reach out of the range; this keeps what they add below a sixtieth.</summary>
    static long CoarsestFor(TimeRange range) => Math.Max(StatsBucket.CountedWidthNanos, range.LengthNanos / 60);

    static double SecondsOf(TimeRange range) => Math.Max(1e-9, range.LengthNanos / (double)UnixTime.NanosPerSecond);

    static double[] Quantiles(DDSketch?[] sketches, double quantile) => [.. sketches.Select(sketch => sketch?.Quantile(quantile) ?? double.NaN)];

    /// <summary>One service while its cells come in.</summary>
    sealed class ServiceDraft(TimeAxis axis)
    {
        public StatsSum Entries { get; } = new();
        public double[] Hits { get; } = new double[axis.Count];
        public double[] Errors { get; } = new double[axis.Count];
        public string Type { get; private set; } = "";

        public bool HasEntries => Entries.EntryCount > 0;

        /// <summary>All its entry spans are calls to it, told by who calls: a database or third party.</summary>
        public bool IsOnlyCalls { get; private set; } = true;

        public void Add(StatsRow row)
        {
            if (row.Cell.TopLevelHitCount <= 0) return;
            Entries.Add(row.Cell);
            if (Type.Length == 0) Type = row.Key.Type;
            if (!(row.Key.Kind.Equals("client", StringComparison.OrdinalIgnoreCase) && !row.Key.IsTraceRoot)) IsOnlyCalls = false;
            var at = axis.IndexOf(row.StartUnixNanos);
            if (at < 0) return;
            Hits[at] += row.Cell.TopLevelHitCount;
            Errors[at] += row.Cell.ErrorCount;
        }
    }
}

using System.Globalization;
using Apm.Core;
using Apm.Core.Checks;
using Apm.Core.Limits;
using Apm.TraceAgent.Checks.Web;
using Apm.Wire.OpenMetrics;

namespace Apm.TraceAgent.Checks.OpenMetrics;

/// <summary>Makes the instances of <c>openmetrics.d/conf.yaml</c>.</summary>
/// <param name="memory">What is held while a text is read is taken from it; null for no account.</param>
public sealed class OpenMetricsCheckKind(MemoryAccount? memory = null) : ICheckKind
{
    readonly Lock _oneAtATime = new();

    public string Name => "openmetrics";

    public ICheck Create(CheckSettings settings) => new OpenMetricsCheck(OpenMetricsSettings.From(settings), memory ?? MemoryBudget.None().OpenWork("checks"), _oneAtATime);
}

/// <summary>
/// Reads the metrics that a program exposes as text and sends those that are chosen:
/// <code>
/// counter    NAME.count                               monotonic count
/// gauge      NAME                                     gauge
/// histogram  NAME.count  NAME.sum  NAME.bucket        monotonic counts; buckets with the tag upper_bound
/// summary    NAME.count  NAME.sum  NAME.quantile      monotonic counts and, with the tag quantile, a gauge
/// </code>
/// A family without a type is sent when the file gives it one. Labels become tags.
/// </summary>
/// <param name="oneAtATime">Held while a text is turned into samples, which take a multiple of its size: instances wait for each other there, and nowhere else.</param>
public sealed class OpenMetricsCheck(OpenMetricsSettings settings, MemoryAccount memory, Lock oneAtATime) : ICheck
{
    /// <summary>What a text takes as samples, by its size: measured, 15.5 for the shortest lines with a label, 5.4 for usual ones.</summary>
    const int BytesPerByte = 16;

    const string Accepts = "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.8,*/*;q=0.1";

    readonly CheckHttp _http = new(settings.Http with { Headers = [KeyValuePair.Create("Accept", Accepts), .. settings.Http.Headers] });

    public async Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        foreach (var warning in settings.Warnings) output.Warn(warning);
        try
        {
            using var answer = await _http.SendAsync(HttpMethod.Get, null, null, cancel);
            var body = await ReadAsync(answer, cancel);
            lock (oneAtATime) Use(answer, body.Span, output);
        }
        catch (CheckFailedException fault)
        {
            Health(output, CheckStatus.Critical, fault.Message);
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        if (!answer.IsSuccessStatusCode) throw new CheckFailedException($"{settings.Endpoint} answered {(int)answer.StatusCode} {answer.ReasonPhrase} instead of its metrics. Check the path, and `username`, `password` or `headers` if it asks who we are.");
        var (body, isCut) = await _http.ReadAsync(answer, settings.MaxBodyBytes, cancel);
        if (isCut) throw new CheckFailedException($"{settings.Endpoint} sends more than {settings.MaxBodyBytes / 1024 / 1024} MiB of metrics; nothing of it was used. Have it expose fewer.");
        if (answer.Content.Headers.ContentType?.MediaType is "text/html") throw new CheckFailedException($"{settings.Endpoint} answered with a web page, not with metrics. Many programs expose them under /metrics.");
        return body;
    }

    void Use(HttpResponseMessage answer, ReadOnlySpan<byte> body, ICheckOutput output)
    {
        var held = (long)body.Length * BytesPerByte;
        if (!memory.TryReserve(held))
            throw new CheckFailedException($"{settings.Endpoint} sent {body.Length} bytes of metrics, and the agent's memory has no room to read them now (`memory.max_bytes`); the next run tries again.");
        try
        {
            var isOpenMetrics = answer.Content.Headers.ContentType?.MediaType is "application/openmetrics-text";
            var families = ExpositionParser.Parse(body, isOpenMetrics, settings.RawLineFilters.Count == 0 ? null : line => !settings.RawLineFilters.AnyMatches(line));
            Health(output, CheckStatus.Ok, "");
            new Sending(settings, output).Send(families);
        }
        catch (PayloadException fault)
        {
            throw new CheckFailedException($"{settings.Endpoint}: {fault.Message}", fault);
        }
        finally
        {
            memory.Release(held);
        }
    }

    void Health(ICheckOutput output, CheckStatus status, string message)
    {
        if (settings.SendsHealth) output.ServiceCheck($"{settings.Prefix}openmetrics.health", status, [$"endpoint:{settings.Endpoint}", .. settings.Tags.Where(tag => tag != $"endpoint:{settings.Endpoint}")], message);
    }

    /// <summary>One scrape on its way out.</summary>
    sealed class Sending(OpenMetricsSettings settings, ICheckOutput output)
    {
        int _sent;
        int _leftOut;

        public void Send(IReadOnlyList<ExpositionFamily> families)
        {
            var untyped = new List<string>();
            var chosen = new List<ExpositionFamily>();
            foreach (var family in families)
            {
                var name = NameOf(family);
                if (family.Samples.Count == 0 || settings.ExcludedMetrics.AnyMatches(name) || settings.Metrics.FirstOrDefault(choice => choice.Means(name)) is not { } choice) continue;
                chosen.Add(family);
                if (!Send(family, settings.Prefix + (choice.Rename ?? name), choice.Type)) untyped.Add(name);
            }
            if (_leftOut > 0)
            {
                var largest = chosen.MaxBy(family => family.Samples.Count)!;
                output.Warn($"openmetrics: {settings.Endpoint} has {_sent + _leftOut:N0} chosen samples; {settings.MaxSamples:N0} were sent (`max_returned_metrics`) and {_leftOut:N0} were not. " +
                    $"The family `{largest.Name}` alone has {largest.Samples.Count:N0}: leave it out with `exclude_metrics: [{largest.Name}]`, or have the program drop a label of it.");
            }
            if (untyped.Count > 0)
                output.Warn($"openmetrics: {settings.Endpoint} does not say of what type {string.Join(", ", untyped.Take(5))}{(untyped.Count > 5 ? $" and {untyped.Count - 5} more" : "")} " +
                    $"{(untyped.Count == 1 ? "is" : "are")}, so nothing of it was sent. Say it in the file: `- {untyped[0]}: {{name: {untyped[0]}, type: gauge}}`.");
        }

        /// <summary>What a file calls it: without the raw prefix, and a counter without its <c>_total</c>.</summary>
        string NameOf(ExpositionFamily family)
        {
            var name = family.Name.StartsWith(settings.RawPrefix, StringComparison.Ordinal) ? family.Name[settings.RawPrefix.Length..] : family.Name;
            return family.Type is FamilyType.Counter && name.EndsWith("_total", StringComparison.Ordinal) ? name[..^"_total".Length] : name;
        }

        /// <summary>False when nobody says of what type it is.</summary>
        bool Send(ExpositionFamily family, string name, string? type)
        {
            switch (type ?? TypeOf(family.Type))
            {
                case "counter":
                    foreach (var sample in family.Samples) if (!IsCreated(sample)) Submit(CheckMetricKind.MonotonicCount, $"{name}.count", sample, null);
                    return true;
                case "gauge":
                    foreach (var sample in family.Samples) if (!IsCreated(sample)) Submit(CheckMetricKind.Gauge, name, sample, null);
                    return true;
                case "rate":
                    foreach (var sample in family.Samples) if (!IsCreated(sample)) Submit(CheckMetricKind.Rate, name, sample, null);
                    return true;
                case "counter_gauge":
                    foreach (var sample in family.Samples)
                    {
                        if (IsCreated(sample)) continue;
                        Submit(CheckMetricKind.MonotonicCount, $"{name}.count", sample, null);
                        Submit(CheckMetricKind.Gauge, $"{name}.total", sample, null);
                    }
                    return true;
                case "histogram":
                    SendHistogram(family, name);
                    return true;
                case "summary":
                    SendSummary(family, name);
                    return true;
                default:
                    return family.Type is not FamilyType.Unknown;
            }
        }

        static string TypeOf(FamilyType type) => type switch
        {
            FamilyType.Counter => "counter",
            FamilyType.Gauge or FamilyType.StateSet or FamilyType.Info => "gauge",
            FamilyType.Histogram or FamilyType.GaugeHistogram => "histogram",
            FamilyType.Summary => "summary",
            _ => "",
        };

        static bool IsCreated(ExpositionSample sample) => sample.Name.EndsWith("_created", StringComparison.Ordinal);

        void SendHistogram(ExpositionFamily family, string name)
        {
            foreach (var sample in family.Samples)
            {
                if (sample.Name.EndsWith("_sum", StringComparison.Ordinal) || sample.Name.EndsWith("_gsum", StringComparison.Ordinal)) Submit(CheckMetricKind.MonotonicCount, $"{name}.sum", sample, null);
                else if (sample.Name.EndsWith("_count", StringComparison.Ordinal) || sample.Name.EndsWith("_gcount", StringComparison.Ordinal)) Submit(CheckMetricKind.MonotonicCount, $"{name}.count", sample, null);
            }
            if (!settings.SendsBuckets) return;
            if (settings.BucketsAreSeparate) SendSeparateBuckets(family, name);
            else
                foreach (var sample in family.Samples)
                    if (IsBucket(sample, out var bound) && !double.IsPositiveInfinity(bound)) Submit(CheckMetricKind.MonotonicCount, $"{name}.bucket", sample, "le", $"upper_bound:{Bound(bound)}");
        }

        /// <summary>Each bucket with what is in it alone, where the text has what is in it and all below.</summary>
        void SendSeparateBuckets(ExpositionFamily family, string name)
        {
            var series = family.Samples.Where(sample => IsBucket(sample, out _))
                .GroupBy(sample => string.Join('\0', sample.Labels.Where(label => label.Key is not "le").Select(label => $"{label.Key}={label.Value}")), StringComparer.Ordinal);
            foreach (var buckets in series)
            {
                double lower = double.NegativeInfinity, below = 0;
                foreach (var sample in buckets.OrderBy(sample => IsBucket(sample, out var bound) ? bound : 0))
                {
                    _ = IsBucket(sample, out var bound);
                    var from = double.IsNegativeInfinity(lower) && bound > 0 ? 0 : lower;
                    if (!double.IsPositiveInfinity(bound))
                        Submit(CheckMetricKind.MonotonicCount, $"{name}.bucket", sample with { Value = sample.Value - below }, "le", $"upper_bound:{Bound(bound)}", $"lower_bound:{Bound(from)}");
                    (lower, below) = (bound, sample.Value);
                }
            }
        }

        void SendSummary(ExpositionFamily family, string name)
        {
            foreach (var sample in family.Samples)
            {
                if (sample.Name.EndsWith("_sum", StringComparison.Ordinal)) Submit(CheckMetricKind.MonotonicCount, $"{name}.sum", sample, null);
                else if (sample.Name.EndsWith("_count", StringComparison.Ordinal)) Submit(CheckMetricKind.MonotonicCount, $"{name}.count", sample, null);
                else if (sample.LabelOf("quantile") is { } quantile)
                    Submit(CheckMetricKind.Gauge, $"{name}.quantile", sample, "quantile", $"quantile:{(double.TryParse(quantile, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? Bound(number) : quantile)}");
            }
        }

        static bool IsBucket(ExpositionSample sample, out double bound)
        {
            bound = 0;
            if (!sample.Name.EndsWith("_bucket", StringComparison.Ordinal) || sample.LabelOf("le") is not { } le) return false;
            if (le.TrimStart('+').Equals("inf", StringComparison.OrdinalIgnoreCase)) bound = double.PositiveInfinity;
            else return double.TryParse(le, NumberStyles.Float, CultureInfo.InvariantCulture, out bound);
            return true;
        }

        /// <summary>A bound as the original writes it, whatever the program's spelling: always with a point, so that 1 and 1.0 are one tag.</summary>
        static string Bound(double value)
        {
            if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
            var text = value.ToString("R", CultureInfo.InvariantCulture);
            return text.AsSpan().ContainsAny(".E") ? text : text + ".0";
        }

        /// <param name="without">A label that has a tag of its own; null for none.</param>
        void Submit(CheckMetricKind kind, string name, ExpositionSample sample, string? without, params ReadOnlySpan<string> more)
        {
            if (!double.IsFinite(sample.Value) || IsExcluded(sample)) return; // A NaN says that there is no value, as of a summary without observations.
            if (_sent >= settings.MaxSamples) { _leftOut++; return; }
            _sent++;
            var tags = new List<string>(settings.Tags.Count + sample.Labels.Count + more.Length);
            foreach (var (label, value) in sample.Labels)
            {
                if (label == without || settings.ExcludedLabels.Contains(label) || (settings.IncludedLabels.Count > 0 && !settings.IncludedLabels.Contains(label))) continue;
                tags.Add($"{settings.RenamedLabels.GetValueOrDefault(label, label)}:{value}");
            }
            tags.AddRange(more);
            tags.AddRange(settings.Tags);
            if (settings.IgnoredTags.Count > 0) tags.RemoveAll(settings.IgnoredTags.AnyMatches);
            output.Submit(kind, name, sample.Value, tags);
        }

        bool IsExcluded(ExpositionSample sample)
        {
            foreach (var (label, patterns) in settings.ExcludedByLabel)
                if (sample.LabelOf(label) is { } value && (patterns.Count == 0 || patterns.AnyMatches(value))) return true;
            return false;
        }
    }
}

using System.Globalization;
using System.Text;
using Apm.Core;

namespace Apm.Wire.Otlp;

/// <summary>A metrics request while it is read: where the reader is, what resource, metric and point say, and what came of it so far.</summary>
internal sealed class OtlpMetricReading(string body, string cure)
{
    readonly List<OtlpMetricPoint> _points = [];
    readonly List<string> _resourceTags = [];
    int _resource = -1, _scope = -1, _metric = -1, _point = -1;
    long _rejected;
    string _firstReason = "";

    public string Name = "", Unit = "";
    public OtlpMetricKind Kind;
    public OtlpTemporality Temporality;
    public bool IsMonotonic;
    public OtlpPointDraft Point { get; } = new();

    public void EnterResource()
    {
        (_resource, _scope, _metric, _point) = (_resource + 1, -1, -1, -1);
        _resourceTags.Clear();
    }

    public void EnterScope() => (_scope, _metric, _point) = (_scope + 1, -1, -1);

    public void EnterMetric()
    {
        (_metric, _point) = (_metric + 1, -1);
        (Name, Unit) = ("", "");
    }

    public void EnterData(OtlpMetricKind kind) => (Kind, Temporality, IsMonotonic) = (kind, OtlpTemporality.Unspecified, false);

    public void EnterPoint()
    {
        _point++;
        Point.Clear();
        if (_points.Count + _rejected >= OtlpLimits.MaxDataPoints) throw new PayloadException($"{body}: there are more than {OtlpLimits.MaxDataPoints} data points. Send them in several requests.");
    }

    public static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    /// <summary>Keeps what the resource says of service, environment, version, host and container.</summary>
    public void AddResourceAttribute(string key, string value)
    {
        var tag = key switch
        {
            "service.name" => "service",
            "service.version" => "version",
            "deployment.environment" or "deployment.environment.name" => "env",
            "host.name" => "host",
            _ => ContainerTags.TryName(key, out var known) ? known : null,
        };
        if (tag is null || value.Length == 0) return;
        var text = $"{tag}:{value}";
        if (!_resourceTags.Contains(text)) _resourceTags.Add(text);
    }

    /// <summary>Takes the point that was read, or counts it as rejected.</summary>
    public void FinishPoint()
    {
        if (Point.HasNoValue) return; // The sender says that there is none.
        if (WhyUnusable() is { } reason)
        {
            if (_rejected++ == 0) _firstReason = $"{Place()}{(Name.Length == 0 ? "" : $" ({(Name.Length <= 100 ? Name : Name[..100] + "…")})")}: {reason}";
            return;
        }
        _points.Add(Point.Build(this, [.. Point.Tags, .. _resourceTags]));
    }

    string? WhyUnusable()
    {
        if (Name.Length == 0) return "the metric has no name";
        if (Point.Time is 0 or > long.MaxValue) return "the point has no time";
        if (Kind is OtlpMetricKind.Sum or OtlpMetricKind.Histogram or OtlpMetricKind.ExponentialHistogram && Temporality is not (OtlpTemporality.Delta or OtlpTemporality.Cumulative))
            return "the metric does not say whether it is delta or cumulative";
        if (Kind is OtlpMetricKind.Gauge or OtlpMetricKind.Sum && !double.IsFinite(Point.Value)) return "the value is no finite number";
        if (Kind == OtlpMetricKind.Histogram && Point.BucketCounts.Count > 0 && Point.BucketCounts.Count != Point.Bounds.Count + 1) return $"{Point.Bounds.Count} bounds need {Point.Bounds.Count + 1} buckets, {Point.BucketCounts.Count} came";
        if (Point.BucketCounts.Count > OtlpLimits.MaxBuckets || Point.NegativeCounts.Count > OtlpLimits.MaxBuckets) return $"it has more than {OtlpLimits.MaxBuckets} buckets";
        for (var i = 0; i < Point.Bounds.Count; i++)
            if (double.IsNaN(Point.Bounds[i]) || (i > 0 && !(Point.Bounds[i] > Point.Bounds[i - 1]))) return "its bounds do not ascend";
        return Kind == OtlpMetricKind.ExponentialHistogram && Point.Scale is < -11 or > 20 ? $"its scale {Point.Scale} is not one from -11 to 20" : null;
    }

    public OtlpMetricsResult Result() => new(_points, _rejected, _firstReason);

    /// <summary>Such as <c>resource 0, scope 1, metric 4, point 2</c>; "" before the first resource.</summary>
    string Place()
    {
        if (_resource < 0) return "";
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"resource {_resource}");
        if (_scope >= 0) text.Append(CultureInfo.InvariantCulture, $", scope {_scope}");
        if (_metric >= 0) text.Append(CultureInfo.InvariantCulture, $", metric {_metric}");
        if (_point >= 0) text.Append(CultureInfo.InvariantCulture, $", point {_point}");
        return text.ToString();
    }

    public PayloadException Explain(DecodeFault fault) => new($"{body}, byte {fault.Offset}{(Place() is { Length: > 0 } place ? " in " + place : "")}: {fault.Message}. {cure}");
}

/// <summary>A data point while it is read.</summary>
internal sealed class OtlpPointDraft
{
    public ulong Start, Time;
    public double Value, Count, ZeroCount;
    public double? Sum, Min, Max;
    public int Scale, PositiveOffset, NegativeOffset;
    public bool HasNoValue;
    public List<string> Tags { get; } = [];
    public List<double> Bounds { get; } = [];
    public List<double> BucketCounts { get; } = [];
    public List<double> NegativeCounts { get; } = [];
    public List<(double, double)> Quantiles { get; } = [];

    /// <summary>One flag of the wire: the sender has no value for this time.</summary>
    public void SetFlags(ulong flags) => HasNoValue = (flags & 1) != 0;

    public void AddAttribute(string key, string value)
    {
        if (key.Length > 0 && Tags.Count < OtlpLimits.MaxAttributes) Tags.Add($"{key}:{value}");
    }

    /// <summary>One bucket more than can be used is kept, so that the point is seen to have too many.</summary>
    public static void AddBounded(List<double> numbers, double number)
    {
        if (numbers.Count <= OtlpLimits.MaxBuckets) numbers.Add(number);
    }

    public void Clear()
    {
        Start = Time = 0;
        Value = Count = ZeroCount = 0;
        Sum = Min = Max = null;
        Scale = PositiveOffset = NegativeOffset = 0;
        HasNoValue = false;
        Tags.Clear();
        Bounds.Clear();
        BucketCounts.Clear();
        NegativeCounts.Clear();
        Quantiles.Clear();
    }

    public OtlpMetricPoint Build(OtlpMetricReading reading, IReadOnlyList<string> tags) => new()
    {
        Name = reading.Name,
        Unit = reading.Unit,
        Kind = reading.Kind,
        Temporality = reading.Temporality,
        IsMonotonic = reading.IsMonotonic,
        Tags = tags,
        StartUnixNanos = (long)Math.Min(Start, long.MaxValue),
        UnixNanos = (long)Math.Min(Time, long.MaxValue),
        Value = Value,
        Count = Count,
        Sum = Finite(Sum),
        Min = Finite(Min),
        Max = Finite(Max),
        Bounds = [.. Bounds],
        BucketCounts = [.. BucketCounts],
        NegativeCounts = [.. NegativeCounts],
        PositiveOffset = PositiveOffset,
        NegativeOffset = NegativeOffset,
        Scale = Scale,
        ZeroCount = ZeroCount,
        Quantiles = [.. Quantiles],
    };

    static double? Finite(double? number) => number is { } there && double.IsFinite(there) ? there : null;
}

using System.Text;
using Apm.Core;
using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.Wire.DatadogMetrics;

/// <summary>A submission while it is read: what came of it so far, where the reader is, and how much more may come.</summary>
internal sealed class SeriesReading(string body, string cure)
{
    const int MaxPooledChars = 200, MaxPooled = 20_000;

    readonly List<IncomingSeries> _series = [];
    readonly HashSet<string> _pool = new(StringComparer.Ordinal);
    int _index = -1;
    int _dropped;
    string _firstReason = "";
    int _points, _sketches, _tags;

    /// <summary>The series that is being read.</summary>
    public SeriesDraft Draft { get; } = new();

    public void NextSeries()
    {
        if (++_index >= SubmissionLimits.MaxSeries) throw TooMany("series", SubmissionLimits.MaxSeries);
        Draft.Clear();
    }

    /// <summary>Leaves the series out.</summary>
    /// <param name="reason">What is wrong, as the middle of a sentence.</param>
    public void Drop(string reason)
    {
        _dropped++;
        if (_firstReason.Length > 0) return;
        var name = Draft.Metric.Length == 0 ? "" : $" ({(Draft.Metric.Length <= MetricNames.MaxChars ? Draft.Metric : Draft.Metric[..MetricNames.MaxChars])})";
        _firstReason = $"series {_index}{name}: {reason}";
    }

    public void AddPoint(long unixSeconds, double value)
    {
        CountPoint();
        Draft.Points.Add(new MetricPoint(unixSeconds, value));
    }

    public void CountPoint()
    {
        if (++_points > SubmissionLimits.MaxPoints) throw TooMany("points", SubmissionLimits.MaxPoints);
    }

    public void AddSketch(long unixSeconds, DistributionSketch sketch)
    {
        if (++_sketches > SubmissionLimits.MaxSketches) throw TooMany("sketches", SubmissionLimits.MaxSketches);
        Draft.Sketches.Add(new SketchPoint(unixSeconds, sketch));
    }

    public void AddTag(string tag)
    {
        if (++_tags > SubmissionLimits.MaxTags) throw TooMany("tags", SubmissionLimits.MaxTags);
        if (tag.Length > 0) Draft.Tags.Add(tag);
    }

    /// <summary>Takes the series that was read; one without a name or without points is left out.</summary>
    public void Finish(MetricType type)
    {
        if (Draft.Metric.Length == 0) throw new DecodeFault(0, "it has no \"metric\"");
        if (!Draft.HasPoints) throw new DecodeFault(0, type == MetricType.Distribution && Draft.Sketches.Count == 0 ? "it has no \"points\" with values" : "it has no \"points\"");
        _series.Add(Draft.Build(type));
    }

    public SubmittedSeries Result() => new(_series, _dropped, _firstReason);

    /// <summary>Text that often comes again is kept once.</summary>
    public string Text(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxPooledChars) return Encoding.UTF8.GetString(utf8);
        Span<char> chars = stackalloc char[MaxPooledChars];
        chars = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        var lookup = _pool.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(chars, out var known)) return known;
        var text = chars.ToString();
        if (_pool.Count < MaxPooled) _pool.Add(text);
        return text;
    }

    /// <summary>Protocol, byte, place, problem and cure.</summary>
    public PayloadException Explain(DecodeFault fault) =>
        new($"Unable to parse payload: {body}, byte {fault.Offset}{(_index < 0 ? "" : $" (series {_index})")}: {fault.Message}. {cure}");

    PayloadException TooMany(string what, int most) => new($"Unable to parse payload: {body}: there are more than {most} {what}. Send them in several requests.");
}

/// <summary>A series while it is read.</summary>
internal sealed class SeriesDraft
{
    public string Metric = "", Host = "", Device = "", Unit = "";
    public int IntervalSeconds;

    /// <summary>Whether points came at all, if only such as say nothing.</summary>
    public bool HasPoints;

    public List<string> Tags { get; } = [];
    public List<MetricPoint> Points { get; } = [];
    public List<SketchPoint> Sketches { get; } = [];

    public void Clear()
    {
        Metric = Host = Device = Unit = "";
        IntervalSeconds = 0;
        HasPoints = false;
        Tags.Clear();
        Points.Clear();
        Sketches.Clear();
    }

    /// <summary>Host and device go into the tags, unless a tag says the same already.</summary>
    public IncomingSeries Build(MetricType type)
    {
        if (Host.Length > 0) Tags.Add("host:" + Host);
        if (Device.Length > 0) Tags.Add("device:" + Device);
        return new IncomingSeries(Metric, [.. Tags], type, IntervalSeconds, [.. Points]) { Sketches = [.. Sketches], Unit = Unit };
    }

    public void SetInterval(long seconds) => IntervalSeconds = (int)Math.Clamp(seconds, 0, int.MaxValue);
}

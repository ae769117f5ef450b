using System.Globalization;
using Apm.Core.Checks;
using Apm.Core.Events;
using Apm.TraceAgent.Checks;

namespace Apm.TraceAgent.Tests.Checks;

/// <summary>Keeps what a check gives out. With two runs over one of these, the last value of a metric is that of the second.</summary>
sealed class RecordingOutput : ICheckOutput
{
    public List<(CheckMetricKind Kind, string Name, double Value, string Tags)> Metrics { get; } = [];

    public List<(string Name, CheckStatus Status, string Tags, string Message)> ServiceChecks { get; } = [];

    public List<string> Warnings { get; } = [];

    public Dictionary<string, string> Facts { get; } = [];

    /// <summary>Called for each service check, while the check runs.</summary>
    public Action<CheckStatus>? OnServiceCheck { get; init; }

    public void Submit(CheckMetricKind kind, string metric, double value, IReadOnlyList<string> tags) => Metrics.Add((kind, metric, value, string.Join(' ', tags)));

    public void ServiceCheck(string name, CheckStatus status, IReadOnlyList<string> tags, string message)
    {
        ServiceChecks.Add((name, status, string.Join(' ', tags), message));
        OnServiceCheck?.Invoke(status);
    }

    public void Event(EventRecord happened) => throw new InvalidOperationException("None of these checks sends events.");

    public void Warn(string sentence) => Warnings.Add(sentence);

    public void Metadata(string name, string value) => Facts[name] = value;

    /// <summary>The last value of a metric; fails when there is none.</summary>
    public double this[string metric] => Metrics.Last(sent => sent.Name == metric).Value;

    public bool Has(string metric) => Metrics.Any(sent => sent.Name == metric);

    public IEnumerable<string> Names => Metrics.Select(sent => sent.Name).Distinct().Order(StringComparer.Ordinal);

    /// <summary>One line per value: kind, name, value, tags.</summary>
    public IEnumerable<string> Lines => Metrics.Select(sent => string.Create(CultureInfo.InvariantCulture, $"{sent.Kind} {sent.Name} {sent.Value} {sent.Tags}").TrimEnd());
}

/// <summary>Settings as a YAML file would give them.</summary>
static class Instance
{
    public static CheckSettings Of(params (string Key, object? Value)[] keys) => new(new Dictionary<string, object?>(), Map(keys), "box-1");

    public static IReadOnlyDictionary<string, object?> Map(params (string Key, object? Value)[] keys) => keys.ToDictionary(key => key.Key, key => key.Value);

    public static IReadOnlyList<object?> List(params object?[] items) => items;
}

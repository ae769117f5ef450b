using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.Core.Descriptions;

/// <summary>The descriptions of metrics, in memory, kept as documents.</summary>
/// <remarks>Thread-safe. What <see cref="Set"/> changed is on disk when it returns; units that came with points are written by <see cref="Save"/>.</remarks>
public sealed class MetricDescriptions
{
    /// <summary>Most metrics that are described; default 20,000. Units of further ones are not kept (<c>metric_descriptions_over_limit</c>), nor can they be described.</summary>
    public const int MaxMetrics = 20_000;

    /// <summary>Most characters of one text of a description; default 2000.</summary>
    public const int MaxTextChars = 2_000;

    const string Collection = "metric-descriptions";

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly Counters _counters;
    readonly Dictionary<string, MetricDescription> _byMetric;
    readonly HashSet<string> _changed = [];

    /// <summary>Reads what is known from the documents.</summary>
    public MetricDescriptions(IDocumentStore documents, Counters counters)
    {
        _documents = documents;
        _counters = counters;
        _byMetric = documents.FindAll<MetricDescription>(Collection).ToDictionary(described => described.Metric, StringComparer.Ordinal);
    }

    /// <summary>What is said of a metric; null when nothing is.</summary>
    /// <param name="metric">Normalised.</param>
    public MetricDescription? Find(string metric)
    {
        lock (_lock) return _byMetric.GetValueOrDefault(metric);
    }

    /// <summary>Describes a metric, durably.</summary>
    /// <returns>False when there are <see cref="MaxMetrics"/> others already.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public bool Set(MetricDescription described)
    {
        lock (_lock)
        {
            if (!_byMetric.ContainsKey(described.Metric) && _byMetric.Count >= MaxMetrics) return false;
            _documents.Store(Collection, described.Metric, described);
            _byMetric[described.Metric] = described;
            _changed.Remove(described.Metric);
            return true;
        }
    }

    /// <summary>Notes the unit that came with points, unless one is known.</summary>
    public void FillUnit(string metric, string unit)
    {
        if (unit.Length == 0 || MetricNames.Metric(metric) is not { } named) return;
        lock (_lock)
        {
            var known = _byMetric.GetValueOrDefault(named);
            if (known?.Unit is not null) return;
            if (known is null && _byMetric.Count >= MaxMetrics)
            {
                _counters.Add("metric_descriptions_over_limit");
                return;
            }
            _byMetric[named] = (known ?? new MetricDescription { Metric = named }) with { Unit = unit.Length <= MaxTextChars ? unit : unit[..MaxTextChars] };
            _changed.Add(named);
        }
    }

    /// <summary>Writes what was noted since the last call. Quick when nothing was.</summary>
    /// <exception cref="StoreUnavailableException">Some was not written; the next call tries again.</exception>
    public void Save()
    {
        MetricDescription[] changed;
        lock (_lock) changed = [.. _changed.Select(metric => _byMetric[metric])];
        foreach (var described in changed)
        {
            _documents.Store(Collection, described.Metric, described);
            lock (_lock) if (ReferenceEquals(_byMetric[described.Metric], described)) _changed.Remove(described.Metric);
        }
    }
}

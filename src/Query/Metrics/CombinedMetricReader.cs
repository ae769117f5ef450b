using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.Query.Metrics;

/// <summary>Several sources of numbers read as one. Where two have a metric of the same name, the series of both are given.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class CombinedMetricReader(params IReadOnlyList<IMetricReader> readers) : IMetricReader
{
    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) =>
        [.. readers.SelectMany(reader => reader.Metrics(sinceUnixSeconds)).GroupBy(info => info.Name, StringComparer.Ordinal).Select(Joined).OrderBy(info => info.Name, StringComparer.Ordinal)];

    public MetricInfo? Find(string metric) => readers.Select(reader => reader.Find(metric)).OfType<MetricInfo>().GroupBy(info => info.Name, StringComparer.Ordinal).Select(Joined).FirstOrDefault();

    /// <inheritdoc/>
    public MetricType? TypeOf(string metric) => readers.Select(reader => reader.TypeOf(metric)).FirstOrDefault(type => type is not null);

    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds) => Of(reader => reader.Series(metric, sinceUnixSeconds));

    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel) => Of(reader => reader.Read(read, cancel));

    /// <summary>What only one source has is given as it comes, without a copy.</summary>
    IReadOnlyList<T> Of<T>(Func<IMetricReader, IReadOnlyList<T>> ask)
    {
        IReadOnlyList<T> all = [];
        foreach (var reader in readers)
        {
            var found = ask(reader);
            all = all.Count == 0 ? found : found.Count == 0 ? all : [.. all, .. found];
        }
        return all;
    }

    /// <summary>The newest tells the type.</summary>
    static MetricInfo Joined(IEnumerable<MetricInfo> infos)
    {
        var newest = infos.MaxBy(info => info.LastUnixSeconds)!;
        return newest with { SeriesCount = infos.Sum(info => info.SeriesCount) };
    }
}

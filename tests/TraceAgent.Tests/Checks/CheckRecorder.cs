using Apm.Core.Checks;
using Apm.Core.Events;
using Apm.Core.Ports;
using Apm.TraceAgent.Checks;

namespace Apm.TraceAgent.Tests.Checks;

/// <summary>Writes down what a check gives out, one line each.</summary>
sealed class CheckRecorder : ICheckOutput
{
    public List<string> Lines { get; } = [];

    public void Submit(CheckMetricKind kind, string metric, double value, IReadOnlyList<string> tags) => Lines.Add(FormattableString.Invariant($"{kind} {metric} {value:0.####}{string.Concat(tags.Select(tag => " " + tag))}"));

    public void ServiceCheck(string name, CheckStatus status, IReadOnlyList<string> tags, string message) => Lines.Add($"{name} {status}{string.Concat(tags.Select(tag => " " + tag))} {message}".TrimEnd());

    public void Event(EventRecord happened) => Lines.Add($"event {happened.Title}: {happened.Text} at {happened.UnixSeconds} {string.Join(' ', happened.Tags)}".TrimEnd());

    public void Warn(string sentence) => Lines.Add($"warning {sentence}");

    public void Metadata(string name, string value) => Lines.Add($"{name}={value}");
}

/// <summary>Sums that only pass gauges on.</summary>
sealed class PlainSums(Func<long> nowUnixSeconds) : ICheckSums
{
    readonly List<IncomingSeries> _series = [];

    public void Submit(CheckMetricKind kind, string metric, double value, IReadOnlyList<string> tags) => _series.Add(new IncomingSeries(metric, tags, Core.Metrics.MetricType.Gauge, 0, [new Core.Metrics.MetricPoint(nowUnixSeconds(), value)]));

    public IReadOnlyList<IncomingSeries> Flush()
    {
        IncomingSeries[] series = [.. _series];
        _series.Clear();
        return series;
    }
}

/// <summary>A check that does what a test says.</summary>
sealed class ScriptedCheck(Func<ICheckOutput, CancellationToken, Task> run) : ICheck
{
    public bool IsDisposed { get; private set; }

    public Task RunAsync(ICheckOutput output, CancellationToken cancel) => run(output, cancel);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}

using System.Globalization;
using Apm.Core.Checks;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.HostMetrics;

namespace Apm.Cli.Host;

/// <summary>The checks of this process, for the screens.</summary>
sealed class AgentChecks(CheckAgent agent) : IAgentChecks
{
    public string Host => agent.Status().Host;

    public string Folder => agent.Status().ConfD;

    public IReadOnlyList<CheckState> Checks() =>
    [
        .. agent.Status().Instances.OrderBy(instance => instance.Id, StringComparer.Ordinal).Select(instance => new CheckState
        {
            Id = instance.Id,
            Check = instance.Check,
            Source = instance.Source,
            IntervalSeconds = instance.IntervalSeconds,
            Status = instance.Outcome switch { CheckOutcome.Ok => CheckStatus.Ok, CheckOutcome.Warning => CheckStatus.Warning, CheckOutcome.Error => CheckStatus.Critical, _ => null },
            Sentence = instance.Error.Length > 0 ? instance.Error : string.Join(' ', instance.Warnings),
            RunCount = instance.RunCount,
            ErrorCount = instance.ErrorCount,
            MetricSampleCount = instance.Last.MetricSampleCount,
            LastRunUnixNanos = instance.LastRunUnixNanos,
            LastDurationNanos = instance.LastDurationNanos,
            NextRunUnixNanos = instance.NextRunUnixNanos,
        }),
    ];

    public IReadOnlyList<ListeningPort> Ports() => ListeningPorts.Read(new HostFiles());

    public IReadOnlyList<CheckComplaint> Complaints() =>
        [.. agent.Status().Complaints.Select(complaint => new CheckComplaint(string.Create(CultureInfo.InvariantCulture, $"{complaint.File}:{complaint.Line}:{complaint.Column}"), complaint.Sentence, complaint.Written, complaint.Corrected, complaint.IsError))];
}

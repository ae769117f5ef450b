using System.Text.RegularExpressions;
using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD18: spans were sent in a version of the protocol that is not read, or in bytes that are not what their path says.</summary>
sealed partial class RefusedVersion : IFaultRule
{
    public string Code => "TD18";

    public Verdict? Judge(Facts facts)
    {
        if (Refusals.Of(facts).FirstOrDefault(refusal => IsVersion(refusal) || refusal.Reason is "undecodable" or "wrong_content_type") is not { } refused) return null;
        var client = refused.Client.Length > 0 ? refused.Client : refused.Sender?.ToString() ?? "a client that does not say what it is";
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Receiver,
            Sentence = IsVersion(refused)
                ? $"Spans were refused: {refused.Path} from {client} is a version that is not read here; v0.1 to v0.5, v0.7 and v1.0 are. Use a tracer that speaks one of them."
                : $"Spans were refused: what {client} sent to {refused.Path} is not what that path reads. {refused.Sentence}",
            Evidence = [$"{refused.Path} answered {refused.Status} {Say.Count(refused.Count, "time")}, the last {Say.Ago(refused.LastUnixNanos, facts.NowUnixNanos)}.", .. refused.Sender is { } sender ? [$"It came from {sender}."] : Array.Empty<string>()],
            Fix = refused.Client.StartsWith("python", StringComparison.Ordinal) ? "python3 -m pip install --upgrade ddtrace" : "",
        };
    }

    static bool IsVersion(RefusalFacts refusal) => refusal.Reason == "unknown_path" && Version().IsMatch(refusal.Path);

    [GeneratedRegex(@"^/v\d+(\.\d+)*/(traces|spans)/?$")]
    private static partial Regex Version();
}

/// <summary>Refusals that concern a case.</summary>
static class Refusals
{
    /// <summary>Those of the app where the sender is known; else all, while nothing of the app has come.</summary>
    public static IEnumerable<RefusalFacts> Of(Facts facts)
    {
        if (facts.Agent is not { } agent || facts.Screen is not null) return [];
        if (facts.IsOverall) return agent.Refusals;
        var family = facts.Launcher?.Processes.Select(member => member.ProcessId).Append(facts.Launcher.ProcessId).ToHashSet() ?? [facts.Process?.Info.ProcessId ?? 0];
        var since = facts.NowUnixNanos - (long)(Math.Min(1e9, facts.Launcher?.ElapsedSeconds ?? facts.Process?.AgeSeconds ?? 0) * 1e9);
        return agent.Refusals.Where(refusal => refusal.Sender is { } sender ? family.Contains(sender.ProcessId) : facts.Process?.HasSpans != true && refusal.LastUnixNanos >= since);
    }
}

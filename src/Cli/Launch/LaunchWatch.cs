using Apm.Core.Diagnosis;
using Apm.Doctor;

namespace Apm.Cli.Launch;

/// <summary>
/// Watches over the launched app until its traces flow: looks, tells the agent what it sees, and says one sentence when something is
/// wrong. Where no agent answers it judges alone, by the same rules, until one does.
/// </summary>
public sealed class LaunchWatch(LauncherWitness witness, LauncherFacts before, AgentSight agent, HttpClient http, TimeProvider clock)
{
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1), LookLaterEvery = TimeSpan.FromSeconds(10);

    /// <summary>When a fault may be named: tracers tell of themselves within two or three seconds.</summary>
    static readonly TimeSpan NamedAfter = TimeSpan.FromSeconds(4);

    /// <summary>When "no request yet" may be said: until then nobody had the time to send one.</summary>
    static readonly TimeSpan WaitingSaidAfter = TimeSpan.FromSeconds(7);

    LauncherFacts _before = before;

    /// <summary>Runs until traces flow or the app ends.</summary>
    /// <param name="found">Told of a verdict once it stands, and of each other one that takes its place.</param>
    public async Task Run(int processId, Action<Verdict, IReadOnlyList<StageState>> found, CancellationToken ended)
    {
        var started = clock.GetTimestamp();
        var (isHeard, isThere) = (false, agent.Last.IsAgent);
        string? last = null, told = null;
        try
        {
            while (true)
            {
                var elapsed = clock.GetElapsedTime(started);
                await Task.Delay(elapsed < TimeSpan.FromSeconds(15) ? LookEvery : LookLaterEvery, clock, ended);
                elapsed = clock.GetElapsedTime(started);
                if (!isThere && await agent.Look(ended) is { IsAgent: true } late) (isThere, _before) = (true, await witness.Before(late, http));
                var facts = await witness.Look(_before, processId, elapsed, !isHeard && elapsed >= NamedAfter - LookEvery);
                if (facts.Processes.Count == 0) continue; // It has just ended.
                var (flows, announced, verdict, stages) = await Judge(facts, ended);
                if (flows) return;
                isHeard |= announced > 0;
                // Twice the same: what is seen once may be a moment between two states.
                if (verdict is not null && verdict.Code == last && verdict.Code != told && elapsed >= (verdict.Code is "TD01" or "TD34" ? WaitingSaidAfter : NamedAfter))
                {
                    told = verdict.Code;
                    found(verdict, stages);
                }
                last = verdict?.Code;
            }
        }
        catch (OperationCanceledException)
        {
            // The app has ended.
        }
    }

    async Task<DoctorAnswer> Judge(LauncherFacts facts, CancellationToken cancel)
    {
        if (agent.Last.UiUrl is { } ui && await DoctorClient.Tell(ui, facts, http, cancel) is { } answer) return answer;
        var alone = new Facts { NowUnixNanos = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000, Launcher = facts };
        var judgement = FaultTable.Judge(alone);
        // Without an Apm nobody knows whether the tracer was heard; only what can be seen from here is said.
        return new DoctorAnswer(false, 0, agent.Last.UiUrl is null && facts.Answer == AgentAnswerKind.Agent ? null : judgement.First, WayBoard.Of(alone, judgement));
    }
}

/// <summary>A verdict on one line of a terminal.</summary>
public static class VerdictLine
{
    /// <summary>Code, sentence, and the line to paste unless the sentence has it.</summary>
    public static string Of(Verdict verdict) =>
        verdict.Fix.Length == 0 || verdict.Fix.Contains('\n', StringComparison.Ordinal) || verdict.Sentence.Contains(verdict.Fix, StringComparison.Ordinal) ? $"{verdict.Code} {verdict.Sentence}" : $"{verdict.Code} {verdict.Sentence} → {verdict.Fix}";
}

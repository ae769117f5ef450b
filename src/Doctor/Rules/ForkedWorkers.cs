using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD09: workers were forked after the tracer had started, and are silent.</summary>
sealed class ForkedWorkers : IFaultRule
{
    public string Code => "TD09";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { ElapsedSeconds: >= Who.AnnouncedWithinSeconds } launcher) return null;
        var announced = Who.Announced(facts);
        var ids = launcher.Processes.Select(member => member.ProcessId).ToHashSet();
        var (port, workers) = launcher.Processes.Where(member => ids.Contains(member.ParentId)).SelectMany(member => member.Ports.Select(port => (port, member)))
            .GroupBy(pair => pair.port, pair => pair.member).Select(group => (group.Key, group.ToList())).Where(pair => pair.Item2.Count > 1).OrderByDescending(pair => pair.Item2.Count).FirstOrDefault();
        if (workers is null) return null;
        workers.RemoveAll(worker => !announced.Contains(worker.ProcessId) && !Who.HadTime(worker, launcher)); // One that was started a moment ago is no silent one.
        var reporting = workers.Count(worker => announced.Contains(worker.ProcessId));
        if (reporting == workers.Count) return null;
        var parent = workers[0].ParentId;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            Sentence = $"{workers.Count} workers hold port {port} and {(reporting == 0 ? "none of them reports" : $"only {reporting} of them {(reporting == 1 ? "reports" : "report")}")}: they were forked from pid {parent} after the tracer had started in it. Load the app in the workers.",
            Evidence =
            [
                $"Workers: {string.Join(", ", workers.Select(worker => $"pid {worker.ProcessId}{(announced.Contains(worker.ProcessId) ? " (reports)" : "")}"))}.",
                announced.Contains(parent) ? $"pid {parent} told of itself before it forked." : $"Their parent is pid {parent}.",
            ],
            Fix = "gunicorn app:app   # without --preload; uWSGI: lazy-apps = true",
        };
    }
}

using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD08: a debug reloader runs the app in a child process, and the tracer is not in it.</summary>
sealed class ReloaderChild : IFaultRule
{
    public string Code => "TD08";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { ElapsedSeconds: >= Who.AnnouncedWithinSeconds } launcher) return null;
        var announced = Who.Announced(facts);
        if (launcher.Processes.FirstOrDefault(member => member.IsReloaderChild && !announced.Contains(member.ProcessId) && Who.HadTime(member, launcher)) is not { } child) return null;
        if (launcher.Processes.Any(member => member.IsReloaderChild && announced.Contains(member.ProcessId))) return null; // It was restarted a moment ago.
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            Sentence = $"A debug reloader runs the app in child pid {child.ProcessId}, which is not traced. Run it without the reloader.",
            Evidence =
            [
                $"pid {child.ProcessId} ({child.Command}), started by pid {child.ParentId}, has WERKZEUG_RUN_MAIN=true.",
                child.HasInjection == false ? "Its environment lost the tracer's place in PYTHONPATH." : $"Nothing has come from it in {Say.Seconds(child.AgeSeconds ?? launcher.ElapsedSeconds)}.",
            ],
            Fix = "flask run --no-reload   # or app.run(use_reloader=False)",
        };
    }
}

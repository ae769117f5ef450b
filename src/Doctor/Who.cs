using Apm.Core.Diagnosis;

namespace Apm.Doctor;

/// <summary>Who the facts speak of, in words.</summary>
static class Who
{
    /// <summary>Longer than any tracer needs to tell of itself.</summary>
    public const double AnnouncedWithinSeconds = 4;

    /// <summary>How long a process that another one has started may be silent: a reloader and a server start theirs anew whenever they like, on machines that are busy as well.</summary>
    const double ChildSilentForSeconds = 6;

    /// <summary>The process has run for long enough to have told of itself.</summary>
    public static bool HadTime(FamilyMember child, LauncherFacts launcher) => (child.AgeSeconds ?? launcher.ElapsedSeconds) >= ChildSilentForSeconds;

    /// <summary>"flaskapp (python, pid 4121)".</summary>
    public static string Name(Facts facts)
    {
        var name = facts.Process?.Info.Service is { Length: > 0 } service ? service : facts.Launcher?.Service is { Length: > 0 } launched ? launched : "The app";
        var language = facts.Process?.Info.Language is { Length: > 0 } told ? told : facts.Launcher?.Kind is { } kind and not "other" ? kind : "";
        var pid = facts.Process?.Info.ProcessId is > 0 and var id ? id : facts.Launcher?.ProcessId ?? 0;
        string[] parts = [language, pid > 0 ? $"pid {pid}" : ""];
        return $"{name} ({string.Join(", ", parts.Where(part => part.Length > 0))})".Replace(" ()", "", StringComparison.Ordinal);
    }

    /// <summary>The app was started long enough ago, and no process of it has told of itself.</summary>
    public static bool IsUnheardOf(Facts facts) => facts is { Launcher.ElapsedSeconds: >= AnnouncedWithinSeconds, Process: null } && facts.Announced.Count == 0;

    /// <summary>Ids of the processes that told of themselves.</summary>
    public static HashSet<int> Announced(Facts facts) => [.. facts.Announced.Append(facts.Process).Where(process => process is { Info.HasEnded: false }).Select(process => process!.Info.ProcessId)];

    /// <summary>A variable of the app: as the launcher saw it, else as the tracer told; "" when not set.</summary>
    public static string Variable(Facts facts, string name) =>
        facts.Launcher?.Variables.GetValueOrDefault(name) is { Length: > 0 } seen ? seen
        : facts.Process?.Info.Settings.GetValueOrDefault(name) is { Length: > 0 } told ? told : "";
}

using System.Globalization;
using System.Text;
using Apm.ApmUi.Format;
using Apm.Core.Diagnosis;
using Apm.Core.Services;

namespace Apm.ApmUi.Pages.Doctor;

/// <summary>What the doctor's page shows. Immutable.</summary>
/// <param name="Report">Of this moment.</param>
/// <param name="Rows">A row per app.</param>
/// <param name="Browser">The last station: this browser, with its clock.</param>
/// <param name="Notes">What is so beside the traces: of the installation, and of this browser.</param>
/// <param name="Text">The report to copy: no secrets, which its facts never hold.</param>
public sealed record DoctorView(DoctorReport Report, IReadOnlyList<DoctorRow> Rows, StageState Browser, IReadOnlyList<Verdict> Notes, string Text)
{
    /// <param name="report">Of this moment.</param>
    /// <param name="browserSkewNanos">The browser's clock minus this machine's; null before it told.</param>
    /// <param name="screen">What the rules make of that.</param>
    public static DoctorView Of(DoctorReport report, long? browserSkewNanos, Judgement screen)
    {
        var note = screen.Notes.FirstOrDefault(one => one.Stage == WayStage.Browser);
        var clock = browserSkewNanos is not { } skew ? "this page" : note is null ? "this page, its clock agrees" : $"this page, its clock {Figure.Duration(WholeMinutes(skew))} {(skew > 0 ? "ahead" : "behind")}";
        var browser = new StageState(WayStage.Browser, note is null ? StageHealth.Ok : StageHealth.Noted, clock, note?.Sentence ?? "");
        return new(report, [.. report.Cases.Select(DoctorRow.Of)], browser, [.. report.Overall.Judgement.Notes, .. screen.Notes], TextOf(report, browser));
    }

    /// <summary>What the browser tells is good to some seconds.</summary>
    static double WholeMinutes(long nanos) => Math.Round(Math.Abs(nanos / 60e9)) * 60e9;

    /// <summary>The stations of the app that the headline is about, else of the installation; the last is this browser.</summary>
    public IReadOnlyList<StageState> Way => [.. (Report.HeadlineCase ?? Report.Overall).Stages.Where(stage => stage.Stage != WayStage.Browser), Browser];

    /// <summary>The case whose runners-up and notes stand below the headline.</summary>
    public DoctorCase About => Report.HeadlineCase ?? Report.Overall;

    /// <summary><c>ok</c>, <c>warn</c>, <c>error</c> or <c>none</c>, as the states' signs have it.</summary>
    public static string Kind(StageHealth health) => health switch { StageHealth.Ok => "ok", StageHealth.Noted => "warn", StageHealth.Fault => "error", _ => "none" };

    public static string Word(StageHealth health) => health switch { StageHealth.Ok => "ok", StageHealth.Noted => "to know", StageHealth.Fault => "stops here", _ => "waiting" };

    static string TextOf(DoctorReport report, StageState browser)
    {
        var text = new StringBuilder("Apm doctor\n");
        text.AppendLine(report.Headline is null ? "Nothing is wrong." : $"{report.Headline.Code} {report.Headline.Sentence}");
        Append(text, "installation", report.Overall);
        text.Append(CultureInfo.InvariantCulture, $"  (the browser that copied this: {browser.Count}{(browser.Sentence.Length > 0 ? $"; {browser.Sentence}" : "")})\n");
        foreach (var one in report.Cases) Append(text, $"{(one.Service.Length > 0 ? one.Service : "unnamed")} pid {one.ProcessId}{(one.Facts.Launcher is { } launcher ? $" ({launcher.Command})" : "")}", one);
        return text.ToString().ReplaceLineEndings("\n");
    }

    static void Append(StringBuilder text, string what, DoctorCase one)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n{what}\n");
        foreach (var stage in one.Stages) text.Append(CultureInfo.InvariantCulture, $"  {stage.Stage.ToString().ToLowerInvariant(),-9} {Word(stage.Health),-10} {stage.Count}\n");
        foreach (var verdict in one.Judgement.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {verdict.Code}{(verdict.IsNote ? " (note)" : "")} {verdict.Sentence}\n");
            foreach (var line in verdict.Evidence) text.Append(CultureInfo.InvariantCulture, $"       seen: {line}\n");
        }
        if (one.Facts.Launcher is not { Variables.Count: > 0 } facts) return;
        foreach (var (name, value) in facts.Variables) text.Append(CultureInfo.InvariantCulture, $"  {name}={value}\n");
    }
}

/// <summary>An app, in a row.</summary>
/// <param name="Process">What its tracer told; null when it was launched and nothing has been heard of it.</param>
/// <param name="What">Language, tracer, process id, machine.</param>
/// <param name="Kind">As the states' signs have it.</param>
/// <param name="Word">Its state in a word or two.</param>
public sealed record DoctorRow(DoctorCase Case, ProcessInfo? Process, string Name, string What, string Kind, string Word)
{
    public static DoctorRow Of(DoctorCase one)
    {
        var process = one.Facts.Process?.Info;
        var launcher = one.Facts.Launcher;
        string[] parts =
        [
            process is { Language.Length: > 0 } ? $"{process.Language} {process.LanguageVersion}".Trim() : launcher?.Kind ?? "",
            process is { TracerVersion.Length: > 0 } ? $"tracer {process.TracerVersion}" : "",
            one.ProcessId > 0 ? $"pid {one.ProcessId}" : "",
            (process?.Hostname ?? launcher?.Host) is { Length: > 0 } host ? $"on {host}" : "",
            one.Facts.Announced.Count > 1 ? Figure.Of(one.Facts.Announced.Count, "process", "processes") : "",
        ];
        var (kind, word) = one.Judgement.First switch
        {
            null when one.Facts.TracesFlow => ("ok", "traced"),
            null => ("none", "just started"),
            { Code: "TD01" } => ("warn", "waits for a request"),
            _ => ("error", "not seen"),
        };
        return new DoctorRow(one, process, one.Service, string.Join(", ", parts.Where(part => part.Length > 0)), kind, word);
    }

    public long SpanCount => Case.Facts.Announced.Sum(process => process.Info.SpanCount);
}

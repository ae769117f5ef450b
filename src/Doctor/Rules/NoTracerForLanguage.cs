using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD28: the launcher has no tracer for what it started, and none in it has told of itself.</summary>
sealed class NoTracerForLanguage : IFaultRule
{
    static readonly (string Program, string Language, string Fix)[] Known =
    [
        ("node", "Node.js", "npm install dd-trace && NODE_OPTIONS='--require dd-trace/init' ./apm-run node app.js"),
        ("java", "Java", "./apm-run java -javaagent:dd-java-agent.jar -jar app.jar"),
        ("ruby", "Ruby", "gem install datadog && ./apm-run ddprofrb exec ruby app.rb"),
        ("php", "PHP", "php datadog-setup.php --php-bin=all"),
    ];

    public string Code => "TD28";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { Kind: "other" } launcher || !Who.IsUnheardOf(facts)) return null;
        // The program itself, or one that a shell script has started.
        var programs = launcher.Processes.Select(member => member.Command).Prepend(launcher.Command).Select(command => Path.GetFileName(command.Split(' ')[0]));
        var (program, language, fix) = programs.SelectMany(name => Known.Where(known => name == known.Program || name == known.Program + "js")).FirstOrDefault();
        return program is null ? null : new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            Sentence = $"{Who.Name(facts)} runs {language}, for which Apm brings no tracer of its own: start it with a Datadog or OpenTelemetry tracer, which finds the agent by the variables that are set already.",
            Evidence = [$"{program} was started; Apm injects its tracers into Python and .NET.", $"Nothing has come from it in {Say.Seconds(launcher.ElapsedSeconds)}."],
            Fix = fix,
        };
    }
}

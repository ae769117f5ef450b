using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD07: the interpreter that runs the app cannot import the tracer.</summary>
sealed class WrongInterpreter : IFaultRule
{
    public string Code => "TD07";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { ImportsTracer: false } launcher || !Who.IsUnheardOf(facts)) return null;
        if (launcher.Processes.Any(member => member.IsReloaderChild)) return null; // TD08 says it better.
        var runs = $"Python {(launcher.InterpreterVersion.Length > 0 ? launcher.InterpreterVersion : "of unknown version")} ({launcher.Interpreter})";
        var hasWrapper = launcher.Wrapper.Length > 0 && launcher.WrapperInterpreter.Length > 0 && launcher.WrapperInterpreter != launcher.Interpreter;
        var ignores = launcher.ImportProblem.Contains("passes over PYTHONPATH", StringComparison.Ordinal);
        var isCleared = launcher.ImportProblem.Contains("PYTHONPATH", StringComparison.Ordinal) && !ignores;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Tracer,
            Sentence = hasWrapper
                ? $"{launcher.Wrapper} belongs to {launcher.WrapperInterpreter}, the command runs {runs}, where the tracer is not installed."
                : $"The command runs {runs}, and the tracer is not in it: {launcher.ImportProblem}.",
            Evidence =
            [
                $"Asked to import the tracer, {launcher.Interpreter} says: {launcher.ImportProblem}.",
                $"Nothing has come from pid {launcher.ProcessId} in {Say.Seconds(launcher.ElapsedSeconds)}.",
            ],
            Fix = hasWrapper ? $"./apm-run {launcher.Interpreter} app.py   # without {launcher.Wrapper}; nothing has to be installed"
                : isCleared ? $"env -i PATH=\"$PATH\" ./apm-run {launcher.Interpreter} app.py   # behind whatever clears the environment or sets PYTHONPATH, not before it"
                : ignores ? "./apm-run python3 app.py   # without -I, -E and -S, which pass over PYTHONPATH"
                : "./apm-run python3 app.py   # with a Python of 3.8 or newer",
        };
    }
}

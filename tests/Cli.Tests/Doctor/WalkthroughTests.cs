using System.Text.RegularExpressions;
using Apm.Cli.Settings;

namespace Apm.Cli.Tests.Doctor;

/// <summary>What somebody tried, one after the other, who followed an old tutorial and saw nothing: each attempt ends in the sentence that would have solved it.</summary>
public sealed class WalkthroughTests
{
    const string FlaskApp = """
        import sys
        from flask import Flask
        app = Flask(__name__)
        @app.route('/api/apm')
        def apm(): return 'apm'
        app.run(port=int(sys.argv[1]))
        """;

    /// <summary>A launcher of another interpreter's: what it hands on to does not have its packages.</summary>
    const string OtherLauncher = """
        import os, sys
        os.environ.pop('PYTHONPATH', None)
        os.execv(sys.argv[1], sys.argv[1:])
        """;

    [Fact]
    public async Task Four_attempts_and_four_sentences()
    {
        await using var rig = await DoctorRig.Start();
        var app = rig.Write("flaskapp.py", FlaskApp);

        // The app runs and is traced, and nobody has called it.
        var port = DoctorRig.FreePort();
        var first = await rig.Launch([DoctorRig.Python, app, $"{port}"]);
        await DoctorRig.Listens(port);
        Assert.Matches($@"^flaskapp \(python, pid {first.ProcessId}\) is alive and traced, and has received no request in \d+ s\. Try: curl http://127\.0\.0\.1:{port}/api/apm$", await first.Verdict("TD01", $":{port}/"));

        // The launcher belongs to another Python than the one that runs the app.
        var other = rig.Write("python-of-the-launcher", "");
        File.Delete(other);
        File.CreateSymbolicLink(other, DoctorRig.Python);
        var launcher = rig.Write("ddtrace-run", $"#!{other}\n{OtherLauncher}");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(launcher, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var second = await rig.Launch([launcher, DoctorRig.Python, app, $"{DoctorRig.FreePort()}"]);
        Assert.Matches($@"^ddtrace-run belongs to {Regex.Escape(other)}, the command runs Python 3\.\d+\.\d+ \({Regex.Escape(DoctorRig.Python)}\), where the tracer is not installed\.$", await second.Verdict("TD07", "belongs to"));

        // A middleware in the code, which sends to a port where the agent is not.
        var third = await rig.Launch(
            [DoctorRig.Python, rig.Write("middleware.py", FlaskApp.Replace("app.run", "from apm_tracing.contrib.flask import TraceMiddleware\nTraceMiddleware(app)\napp.run", StringComparison.Ordinal)), $"{DoctorRig.FreePort()}"],
            ("DD_AGENT_HOST", "localhost"), ("DD_TRACE_AGENT_PORT", $"{rig.Ui.Port}"));
        Assert.Equal($"The tracer sends to http://localhost:{rig.Ui.Port} (set by DD_AGENT_HOST and DD_TRACE_AGENT_PORT), the agent listens on {rig.Agent.ToString().TrimEnd('/')}.", await third.Verdict("TD04"));

        // The agent's file: a key beside its group, and a tab.
        foreach (var (code, text, sentence) in new[]
        {
            ("TD05", "apm_config:\nenabled: true\n", "line 2, column 1: \"enabled\" stands beside apm_config in place of below it. Indent it by two spaces; as it stands it is passed over, and a Datadog agent leaves tracing off."),
            ("TD06", "apm_config:\n  enabled: true\ntags:\n\t- role:db\n", "line 4: a tab is not allowed in the indentation of YAML. Write blanks."),
        })
        {
            var file = rig.Write("datadog.yaml", text);
            var read = SettingsReader.Read(new Dictionary<string, string>(), _ => null, (file, text)).Settings;
            await using var configured = await DoctorRig.Start(settings => settings with { Checks = read.Checks });
            Assert.Equal($"{file} {sentence}", await configured.Verdict(code));
        }
    }
}

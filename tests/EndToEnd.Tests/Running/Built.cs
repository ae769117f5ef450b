using System.Net;
using System.Net.Sockets;
using Apm.TestKit;
using Apm.TraceAgent.Receive;

namespace Apm.EndToEnd.Tests.Running;

/// <summary>Where the things under test lie: built in the same configuration as the tests.</summary>
public static class Built
{
    static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static string Apm => Existing($"src/Cli/bin/{Configuration}/net10.0/apm.dll");

    public static string FlaskLikeApp => Existing($"samples/FlaskLikeApp/bin/{Configuration}/net10.0/FlaskLikeApp.dll");

    public static string FlaskApp => Existing("samples/flask-app/flaskapp.py");

    /// <summary>A Python that has Flask: APM_PYTHON, else the first on this machine.</summary>
    public static string Python { get; } = FindPython();

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort() => PortCheck.Choose(0);

    /// <summary>Completes when nothing listens any more; another run of these tests may have the port for a while.</summary>
    public static Task NobodyListens(int port) => Until.True($"port {port} is free", TimeSpan.FromSeconds(90), async () => !await Answers(port));

    /// <summary>Completes when something listens, without sending it a request.</summary>
    public static Task Listening(int port, RunningProgram program) => Until.True($"port {port} is listened on", TimeSpan.FromSeconds(20), async () =>
    {
        if (program.HasExited) throw new TimeoutException($"It ended before it listened on {port}. {program.Evidence}");
        return await Answers(port);
    }, () => program.Evidence);

    static async Task<bool> Answers(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    static string Existing(string path)
    {
        var full = Path.Combine(Fixtures.RepoRoot, path);
        return File.Exists(full) ? full : throw new FileNotFoundException($"{full} is not built. Build it in {Configuration} first.");
    }

    static string FindPython()
    {
        foreach (var candidate in new[] { Environment.GetEnvironmentVariable("APM_PYTHON"), "python3", "/usr/bin/python3" })
        {
            if (string.IsNullOrEmpty(candidate)) continue;
            using var probe = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(candidate, ["-c", "import flask"]) { RedirectStandardError = true });
            probe!.WaitForExit();
            if (probe.ExitCode == 0) return candidate;
        }
        throw new InvalidOperationException("The tests need a Python with Flask: apt-get install python3-flask, or set APM_PYTHON.");
    }
}

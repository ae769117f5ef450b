using System.Globalization;
using Apm.Endurance.Running;
using Apm.TestKit;

namespace Apm.Endurance.Healthy;

/// <summary>The apps of a healthy set-up: each way of starting one that the manual names.</summary>
static class HealthyApps
{
    static readonly string[] FlaskPaths = ["/", "/api/apm", "/api/trace"];
    static readonly string[] WebPaths = ["/", "/api/apm", "/api/trace", "/api/user/7", "/api/user/19", "/api/slow", "/api/fail", "/api/downstream"];

    /// <param name="otlpHttpPort">Where the OpenTelemetry app sends to.</param>
    public static IReadOnlyList<HealthyApp> All(int otlpHttpPort)
    {
        var flaskApp = Path.Combine(Fixtures.RepoRoot, "samples", "flask-app", "flaskapp.py");
        var folder = Path.GetDirectoryName(flaskApp)!;
        var webApp = Path.Combine(Fixtures.RepoRoot, "samples", "FlaskLikeApp", "bin", "Release", "net10.0", "FlaskLikeApp.dll");
        var traced = Path.Combine(Fixtures.RepoRoot, "tests", "TracerApps", "WebApp", "bin", "Release", "net10.0", "TracedWebApp.dll");
        var (reloaded, forked, web, otel) = (AgentProcess.FreePort(), AgentProcess.FreePort(), AgentProcess.FreePort(), AgentProcess.FreePort());
        return
        [
            new("Flask, the file as it is", ["python3", flaskApp], "http://localhost:5050", FlaskPaths),
            new("Flask with its debug reloader", ["python3", "-m", "flask", "--app", "flaskapp", "run", "--debug", "--port", Text(reloaded)], $"http://localhost:{reloaded}", FlaskPaths, "reloaded") { Variables = [("PYTHONPATH", folder)] },
            new("gunicorn, two workers", ["gunicorn", "--workers", "2", "--bind", $"127.0.0.1:{forked}", "--chdir", folder, "flaskapp:app"], $"http://localhost:{forked}", FlaskPaths, "forked"),
            new("ASP.NET, calling the Flask app", ["dotnet", webApp, "--urls", $"http://localhost:{web}"], $"http://localhost:{web}", WebPaths),
            new("ASP.NET with OpenTelemetry's own exporter", ["dotnet", traced, "opentelemetry", "--urls", $"http://localhost:{otel}"], $"http://localhost:{otel}", ["/", "/order/7", "/order/8"])
            {
                IsLaunched = false,
                Variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://localhost:{otlpHttpPort}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_SERVICE_NAME", "orders")],
            },
        ];
    }

    static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}

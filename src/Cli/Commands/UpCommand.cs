using System.CommandLine;
using System.Diagnostics;
using Apm.Cli.Host;
using Apm.Cli.Launch;
using Apm.Cli.Settings;
using Apm.Core.Ports;
using Apm.TraceAgent.Receive;

namespace Apm.Cli.Commands;

/// <summary><c>apm up</c>: everything in one process, until Ctrl-C or SIGTERM.</summary>
static class UpCommand
{
    /// <summary>Exit code when the settings are not as they should be.</summary>
    public const int WrongSettings = 2;

    /// <summary>What <c>--demo</c> starts: alone it means the samples.</summary>
    const string SamplesDemo = "samples", ShopDemo = "shop";

    public static Command Make()
    {
        var config = ConfigCommand.ConfigOption();
        var data = new Option<string?>("--data") { Description = "Folder for the data (default ./data, or APM_DATA)." };
        var ports = new Option<string[]>("--port")
        {
            Description = $"Another port, as NAME=N or NAME=off; NAME is one of {string.Join(", ", HostSettings.PortNames)}. May be repeated.",
            DefaultValueFactory = _ => [],
            AllowMultipleArgumentsPerToken = true,
        };
        var demo = new Option<string?>("--demo")
        {
            Description = "Also start the two sample apps, traced, with light traffic; or with --demo=shop a generated shop of twelve services, with six hours of history.",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = string.Join('|', SamplesDemo, ShopDemo),
        };
        demo.AcceptOnlyFromAmong(SamplesDemo, ShopDemo);
        var noBrowser = new Option<bool>("--no-browser") { Description = "Do not open the screens in a browser." };
        var command = new Command("up", "Run the agent, the store and the screens in one process.") { data, ports, config, demo, noBrowser };
        command.SetAction((arguments, cancel) => Run(arguments.GetValue(data), arguments.GetValue(ports) ?? [], arguments.GetValue(config), arguments.GetResult(demo) is null ? null : arguments.GetValue(demo) ?? SamplesDemo, !arguments.GetValue(noBrowser), cancel));
        return command;
    }

    static async Task<int> Run(string? dataFolder, string[] ports, string? config, string? demo, bool withBrowser, CancellationToken cancel)
    {
        HostSettings? settings = null;
        try
        {
            settings = ReadSettings(dataFolder, ports, config);
            var hasNewData = ShopTraffic.IsNew(settings.DataFolder); // Asked before it is opened.
            var shopClock = demo == ShopDemo ? ShopTraffic.ClockFor(hasNewData) : null;
            await using var host = await ApmHost.Start(settings, shopClock ?? TimeProvider.System, sentence => Console.Error.WriteLine($"apm: {sentence}"));
            await using var shop = shopClock is null ? null : await ShopTraffic.Start(host, shopClock, hasNewData, Console.Error.WriteLine, cancel);
            AgentTrail.Usual.Began(settings.Agent.AgentPort, settings.DataFolder, TimeProvider.System);
            Greet(host, settings);
            if (withBrowser) Browser.TryOpen(host.UiUrl);
            await using var samples = demo == SamplesDemo ? Demo.Start(host, Console.Error.WriteLine) : null;
            await WaitForTheEnd(cancel);
            Console.Error.WriteLine("apm: stopping …");
            AgentTrail.Usual.Ended(settings.Agent.AgentPort, settings.DataFolder, "", TimeProvider.System);
            return 0;
        }
        catch (SettingsException problem)
        {
            await Console.Error.WriteLineAsync($"apm: {problem.Message}");
            if (settings is null) AgentTrail.Usual.Ended(HostSettings.Default.Agent.AgentPort, "", problem.Message.Split('\n')[0], TimeProvider.System);
            return WrongSettings;
        }
        catch (Exception problem) when (problem is PortTakenException or StoreUnavailableException or IOException)
        {
            await Console.Error.WriteLineAsync($"apm: {problem.Message}");
            if (settings is not null && problem is not PortTakenException) AgentTrail.Usual.Ended(settings.Agent.AgentPort, settings.DataFolder, problem.Message, TimeProvider.System);
            return 1;
        }
    }

    static HostSettings ReadSettings(string? dataFolder, string[] ports, string? config)
    {
        var result = Read();
        foreach (var issue in result.Issues.Where(issue => !issue.IsError)) Console.Error.WriteLine($"apm: {issue}");
        if (result.Errors.Any()) throw new SettingsException($"{string.Join("\napm: ", result.Errors)}\napm: Nothing was started. `./apm config` prints the settings and where each comes from.");
        result.Settings.RefuseSharedPorts();
        if (Changed(result) is { } changed) Console.Error.WriteLine($"apm: {changed}");
        var watch = result.File is { } file ? new SettingsWatch(file, result.Settings.Checks, Read) : null;
        return result.Settings with { Warnings = [.. result.Issues.Select(issue => issue.ToString())], Checks = result.Settings.Checks with { ReadAgain = watch is null ? null : watch.Again } };

        SettingsResult Read() => SettingsReader.Read(HostSettings.OptionsOf(dataFolder, ports), Environment.GetEnvironmentVariable, SettingsReader.FindFile(config, Environment.GetEnvironmentVariable));
    }

    /// <summary>What the file changes, in one line; null when there is no file.</summary>
    internal static string? Changed(SettingsResult result)
    {
        if (result.File is not { } file) return null;
        var changed = result.Effective.Where(entry => entry.Source.StartsWith(file + ":", StringComparison.Ordinal)).Select(entry => $"{entry.Setting.Name}={entry.Setting.Print(result.Settings)}").ToList();
        return $"{file}: {(changed.Count == 0 ? "changes nothing" : string.Join(", ", changed))}";
    }

    static void Greet(ApmHost host, HostSettings settings)
    {
        var agent = host.AgentPort == 8126 ? "" : $" DD_TRACE_AGENT_URL=http://localhost:{host.AgentPort}";
        var otlp = host.PortOf("otlp-http") is { } port ? port : host.AgentPort;
        Console.WriteLine($"""

              Apm is up.   {host.UiUrl}

              {string.Join(" · ", host.Listeners.Select(listener => $"{listener.Name} {listener.Port}"))} · data {settings.DataFolder}

              Python          {agent.TrimStart()}{(agent.Length > 0 ? " " : "")}./apm-run python3 flaskapp.py
              .NET            {agent.TrimStart()}{(agent.Length > 0 ? " " : "")}./apm-run dotnet MyApp.dll
              OpenTelemetry   OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{otlp} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf your-app

              Ctrl-C stops it; what was received is kept.

            """);
    }

    static async Task WaitForTheEnd(CancellationToken cancel)
    {
        var ended = new TaskCompletionSource();
        await using var registration = cancel.Register(() => ended.TrySetResult());
        await ended.Task;
    }
}

/// <summary>Opens an address in the user's browser, where there is one.</summary>
static class Browser
{
    public static void TryOpen(string url)
    {
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("DISPLAY") is null && Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is null) return;
        try
        {
            var opener = OperatingSystem.IsMacOS() ? "open" : OperatingSystem.IsWindows() ? "explorer" : "xdg-open";
            using var process = Process.Start(new ProcessStartInfo(opener, url) { RedirectStandardError = true, RedirectStandardOutput = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No opener on this machine: the address stands on the screen.
        }
    }
}

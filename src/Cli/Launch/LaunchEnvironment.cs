namespace Apm.Cli.Launch;

/// <summary>What the user said about the app's identity; null where nothing was said.</summary>
public sealed record LaunchIdentity(string? Service, string? Env, string? Version);

/// <summary>Where the parts that are injected lie.</summary>
/// <param name="PythonClient">Folder that holds the package <c>apm_tracing</c>.</param>
/// <param name="StartupHook">Full path of <c>Apm.StartupHook.dll</c>.</param>
public sealed record InjectedParts(string PythonClient, string StartupHook);

/// <summary>
/// The variables that make a program trace itself. All are set whatever the program is, because its children may be of
/// another kind; what the user has set already is left as it is.
/// </summary>
public static class LaunchEnvironment
{
    /// <summary>Where <c>./apm</c> keeps the start-up hooks that it found in its environment: they are for the app. Apm itself starts without them, even when they are broken.</summary>
    public const string AppsHooks = "APM_APP_STARTUP_HOOKS";

    /// <summary>The variables to set on top of the present environment.</summary>
    /// <param name="plan">The command.</param>
    /// <param name="identity">From the options; wins over what the environment says.</param>
    /// <param name="agentUrl">Where spans go.</param>
    /// <param name="otlpUrl">Where OTLP goes: the agent's own port takes it as well.</param>
    /// <param name="parts">What is injected.</param>
    /// <param name="environment">Looks up a variable; null when it is not set.</param>
    public static IReadOnlyDictionary<string, string> Make(
        LaunchPlan plan, LaunchIdentity identity, Uri agentUrl, Uri otlpUrl, InjectedParts parts, Func<string, string?> environment)
    {
        var variables = new Dictionary<string, string>
        {
            ["PYTHONPATH"] = Prepend([Path.Combine(parts.PythonClient, "apm_tracing", "bootstrap"), parts.PythonClient], environment("PYTHONPATH")),
            ["DOTNET_STARTUP_HOOKS"] = Prepend([parts.StartupHook], environment(AppsHooks) ?? environment("DOTNET_STARTUP_HOOKS")),
        };
        SetUnlessThere("DD_TRACE_AGENT_URL", agentUrl.ToString().TrimEnd('/'));
        // An address that lacks its http://, or has a path too many, was taken for what was meant: the tracer gets it right.
        if (AgentProbe.AddressFrom(environment) is { Source: "DD_TRACE_AGENT_URL", Unusable: "" } told && told.Url == agentUrl && environment("DD_TRACE_AGENT_URL")!.TrimEnd('/') != agentUrl.ToString().TrimEnd('/')) variables["DD_TRACE_AGENT_URL"] = agentUrl.ToString().TrimEnd('/');
        SetUnlessThere("OTEL_EXPORTER_OTLP_ENDPOINT", otlpUrl.ToString().TrimEnd('/'));
        if (environment("OTEL_EXPORTER_OTLP_ENDPOINT") is null) SetUnlessThere("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");

        var service = identity.Service ?? environment("DD_SERVICE") ?? environment("OTEL_SERVICE_NAME") ?? plan.Service;
        if (service.Length > 0)
        {
            variables["DD_SERVICE"] = service;
            variables["OTEL_SERVICE_NAME"] = service;
        }
        if (identity.Env is not null) variables["DD_ENV"] = identity.Env;
        if (identity.Version is not null) variables["DD_VERSION"] = identity.Version;
        var attributes = Attributes(identity, environment("OTEL_RESOURCE_ATTRIBUTES"));
        if (attributes.Length > 0) variables["OTEL_RESOURCE_ATTRIBUTES"] = attributes;
        return variables;

        void SetUnlessThere(string name, string value)
        {
            if (string.IsNullOrEmpty(environment(name))) variables[name] = value;
        }
    }

    static string Prepend(string[] ours, string? theirs)
    {
        var kept = (theirs ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Except(ours);
        return string.Join(Path.PathSeparator, ours.Concat(kept));
    }

    static string Attributes(LaunchIdentity identity, string? theirs)
    {
        var ours = new[] { ("deployment.environment.name", identity.Env), ("service.version", identity.Version) };
        return string.Join(',', ours.Where(pair => pair.Item2 is not null).Select(pair => $"{pair.Item1}={Uri.EscapeDataString(pair.Item2!)}").Prepend(theirs ?? "").Where(text => text.Length > 0));
    }
}

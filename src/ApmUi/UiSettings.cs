namespace Apm.ApmUi;

/// <summary>What the screens need to know about the process they run in, to give commands that can be pasted.</summary>
public sealed record UiSettings
{
    /// <summary>How this machine is reached by the apps that send: <c>localhost</c>.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>Port of the trace agent; default 8126.</summary>
    public int AgentPort { get; init; } = 8126;

    /// <summary>Port of OTLP over HTTP; default 4318. 0 when it does not listen.</summary>
    public int OtlpHttpPort { get; init; } = 4318;

    /// <summary>Port of OTLP over gRPC; default 4317. 0 when it does not listen.</summary>
    public int OtlpGrpcPort { get; init; } = 4317;

    /// <summary>Port of Zipkin; default 9411. 0 when it does not listen.</summary>
    public int ZipkinPort { get; init; } = 9411;

    /// <summary>Port of DogStatsD; default 8125. 0 when it does not listen.</summary>
    public int DogStatsDPort { get; init; } = 8125;

    /// <summary>The command as it is typed in the folder of the checkout; default <c>./apm</c>.</summary>
    public string Command { get; init; } = "./apm";

    /// <summary>The product's version, shown in the help.</summary>
    public string Version { get; init; } = "";
}

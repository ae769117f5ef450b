using Apm.Core.Services;

namespace Apm.Query.Services;

/// <summary>One service in a list: what it is, and its numbers in the range. Numbers are of all spans, before sampling.</summary>
public sealed record ServiceSummary
{
    public required string Name { get; init; }

    /// <summary>Type of its entry spans: <c>web</c>, <c>sql</c> …; "" when unknown.</summary>
    public string Type { get; init; } = "";
    public ServiceKind Kind { get; init; }

    /// <summary><c>python</c>, <c>dotnet</c> …; "" when unknown.</summary>
    public string Language { get; init; } = "";

    /// <summary>The version seen last; "" when none was told.</summary>
    public string Version { get; init; } = "";

    /// <summary>When that version was first seen; 0 when unknown.</summary>
    public long VersionSinceUnixNanos { get; init; }
    public IReadOnlyList<string> Envs { get; init; } = [];

    /// <summary>Index into the 12 series colours.</summary>
    public int ColorIndex { get; init; }

    /// <summary>Requests that entered the service. Weighted by the tracer's sample rate, so it may have a fraction.</summary>
    public double HitCount { get; init; }
    public double ErrorCount { get; init; }

    /// <summary>0 to 1; 0 without hits.</summary>
    public double ErrorRate => HitCount > 0 ? Math.Min(1, ErrorCount / HitCount) : 0;
    public double HitsPerSecond { get; init; }

    /// <summary>Null without hits; so are the others.</summary>
    public double? P50Nanos { get; init; }
    public double? P95Nanos { get; init; }
    public double? P99Nanos { get; init; }

    /// <summary>Within 1 %, as all quantiles of a sketch.</summary>
    public double? MaxNanos { get; init; }

    /// <summary>Sum of the durations of its entry spans.</summary>
    public double TotalNanos { get; init; }

    /// <summary>0 to 1 (<see cref="Services.Apdex"/>); null without hits.</summary>
    public double? Apdex { get; init; }

    /// <summary>Hits × p95: what sorting by impact uses.</summary>
    public double Impact => HitCount * (P95Nanos ?? 0);

    /// <summary>Width of a bucket of the sparks.</summary>
    public long SparkStepNanos { get; init; }

    /// <summary>Hits per bucket over the range.</summary>
    public IReadOnlyList<double> HitSpark { get; init; } = [];
    public IReadOnlyList<double> ErrorSpark { get; init; } = [];

    /// <summary>Last span or sign of life; 0 when never.</summary>
    public long LastSeenUnixNanos { get; init; }

    /// <summary>A process of it is alive, and no span of it has ever come: "waiting for the first request".</summary>
    public bool IsWaiting { get; init; }

    /// <summary>Its processes that are alive.</summary>
    public IReadOnlyList<ProcessInfo> Processes { get; init; } = [];
}

/// <summary>One endpoint of a service: an operation on a resource that entered it.</summary>
public sealed record EndpointSummary
{
    /// <summary>Operation name, such as <c>flask.request</c>; "" for a route that was not called in the range.</summary>
    public required string Name { get; init; }

    /// <summary>Such as <c>GET /user/{id}</c>.</summary>
    public required string Resource { get; init; }
    public string Type { get; init; } = "";
    public double HitCount { get; init; }
    public double ErrorCount { get; init; }

    /// <summary>0 to 1; 0 without hits.</summary>
    public double ErrorRate => HitCount > 0 ? Math.Min(1, ErrorCount / HitCount) : 0;
    public double HitsPerSecond { get; init; }

    /// <summary>Null without hits; so are the others.</summary>
    public double? P50Nanos { get; init; }
    public double? P95Nanos { get; init; }
    public double? P99Nanos { get; init; }
    public double TotalNanos { get; init; }

    /// <summary>Its part of the service's total time, 0 to 1.</summary>
    public double TimeShare { get; init; }

    /// <summary>The tracer told of this route; null when it is known from spans alone.</summary>
    public RouteInfo? Route { get; init; }

    /// <summary>A known route without a single stored call, in the range or before.</summary>
    public bool IsNeverCalled { get; init; }
}

/// <summary>What a service calls: by operation and peer, told by its client-side spans.</summary>
public sealed record DownstreamSummary
{
    /// <summary>The peer when the spans tell it, else the operation.</summary>
    public required string Peer { get; init; }
    public required string Name { get; init; }
    public required string Type { get; init; }
    public required ServiceKind Kind { get; init; }
    public required double HitCount { get; init; }
    public required double ErrorCount { get; init; }
    public required double TotalNanos { get; init; }
    public double? P95Nanos { get; init; }
}

using System.Diagnostics;

namespace Apm.Tracer;

/// <summary>
/// Own spans:
/// <code>
/// using var span = ApmTracer.StartSpan("order.place", resource: "standard");
/// span.SetTag("order.items", 3);
/// </code>
/// </summary>
/// <remarks>
/// Thread-safe. Works with <see cref="ApmServices.AddApmTracing"/> and equally under the launcher's start-up hook. When nobody
/// traces, a span is empty and costs nothing; all its members may be called all the same.
/// </remarks>
public static class ApmTracer
{
    /// <summary>Name of the activity source of these spans.</summary>
    public const string SourceName = "Apm.Tracer";

    internal const string OperationTag = "operation.name";

    static readonly ActivitySource s_source = new(SourceName, typeof(ApmTracer).Assembly.GetName().Version?.ToString(3));

    /// <summary>The span that runs at this place; an empty one when there is none.</summary>
    public static ApmSpan ActiveSpan => new(Activity.Current);

    /// <summary>Begins a span as a child of the one that runs. Ends with <see cref="ApmSpan.Dispose"/>.</summary>
    /// <param name="operation">What is done, one of few names such as <c>order.place</c>.</param>
    /// <param name="resource">What it is done to, one of not too many names; null: the operation.</param>
    /// <param name="kind">Whether it is a call to somebody else, or from somebody else; default neither.</param>
    /// <param name="service">Name of the service, when it is not the process's; null: the process's.</param>
    public static ApmSpan StartSpan(string operation, string? resource = null, ActivityKind kind = ActivityKind.Internal, string? service = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(operation);
        var before = ExecutionContext.Capture();
        var activity = s_source.StartActivity(resource ?? operation, kind);
        if (activity is { IsAllDataRequested: true })
        {
            // Without this tag agent and hook take the name of a span of this source for its operation: most spans do without.
            if (activity.OperationName != operation) activity.SetTag(OperationTag, operation);
            if (service is not null) activity.SetTag("service.name", service);
        }
        return new ApmSpan(activity, before);
    }
}

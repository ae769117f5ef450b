using System.Diagnostics;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Settings;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Own;

/// <summary>Spans of <see cref="ApmTracer"/> in a process that listens to them.</summary>
public sealed class ApmSpanTests : IDisposable
{
    readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == ApmTracer.SourceName,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    public ApmSpanTests() => ActivitySource.AddActivityListener(_listener);

    public void Dispose() => _listener.Dispose();

    [Fact]
    public void A_span_ends_where_it_began()
    {
        using var outer = ApmTracer.StartSpan("outer");
        var around = Activity.Current;
        using (ApmTracer.StartSpan("inner")) Assert.Equal("inner", Activity.Current!.OperationName);
        Assert.Same(around, Activity.Current);
    }

    [Fact]
    public async Task What_was_set_within_a_span_outlives_it()
    {
        var local = new AsyncLocal<string>();
        using var outer = ApmTracer.StartSpan("outer");
        var around = Activity.Current;
        using (ApmTracer.StartSpan("inner"))
        {
            await Task.Yield();
            local.Value = "kept";
        }
        Assert.Equal("kept", local.Value);
        Assert.Same(around, Activity.Current);
    }

    [Fact]
    public async Task A_span_may_end_on_another_thread_and_twice()
    {
        var outer = ApmTracer.StartSpan("outer");
        var around = Activity.Current;
        var inner = ApmTracer.StartSpan("inner");
        await Task.Run(() => inner.Dispose());
        inner.SetTag("late", 1).SetError("late");
        inner.Dispose();
        Assert.Same(around, Activity.Current);
        using (ApmTracer.StartSpan("next")) inner.Dispose();
        Assert.Same(around, Activity.Current);
        outer.Dispose();
        outer.Dispose();
        Assert.Null(Activity.Current);
    }

    [Fact]
    public void A_span_works_where_no_context_flows()
    {
        using var stopped = ExecutionContext.SuppressFlow();
        using (ApmTracer.StartSpan("outer")) Assert.Equal("outer", Activity.Current!.OperationName);
        Assert.Null(Activity.Current);
    }

    [Fact]
    public void The_operation_stays_whatever_the_resource_is()
    {
        Assert.Equal("shop cart.add [custom] cart.add", Encode(() => ApmTracer.StartSpan("cart.add")));
        Assert.Equal("shop cart.add [custom] express", Encode(() => ApmTracer.StartSpan("cart.add", resource: "express")));
        Assert.Equal("shop cart.add [custom] express", Encode(() => ApmTracer.StartSpan("cart.add").SetResource("express")));
        Assert.Equal("shop cart.add [custom] late", Encode(() => ApmTracer.StartSpan("cart.add", resource: "early").SetResource("late")));
        Assert.Equal("other cart.add [http] cart.add", Encode(() => ApmTracer.StartSpan("cart.add", kind: ActivityKind.Client, service: "other")));
    }

    static string Encode(Func<ApmSpan> start)
    {
        using var span = start();
        var activity = Activity.Current!;
        var buffer = new MsgPackBuffer();
        new ActivityEncoder(new SpanWriter(new HookSettings { Service = "shop" }, "runtime", 1)).Encode(buffer, activity, SpanIdentity.Of(activity, _ => true));
        return new SentSpan((Dictionary<string, object?>)MsgPack.Decode(buffer.Written)!).ToString();
    }
}

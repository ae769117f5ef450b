using System.Diagnostics;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Settings;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Listen;

/// <summary>Activities of the app and its libraries as spans.</summary>
public sealed class ActivityEncoderTests
{
    [Theory]
    //          kind                  tags                                                              drawn
    [InlineData(ActivityKind.Internal, "", "shop internal [custom] work")]
    [InlineData(ActivityKind.Client, "db.system=postgresql;db.statement=SELECT 1", "shop postgresql.query [sql] SELECT 1")]
    [InlineData(ActivityKind.Internal, "db.system.name=mysql;db.query.text=SELECT 2", "shop mysql.query [sql] SELECT 2")]
    [InlineData(ActivityKind.Client, "db.system=redis", "shop redis.query [redis] work")]
    [InlineData(ActivityKind.Client, "db.system=cosmosdb", "shop cosmosdb.query [db] work")]
    [InlineData(ActivityKind.Producer, "messaging.system=kafka;messaging.operation=publish;messaging.destination.name=orders", "shop kafka.publish [queue] publish orders")]
    [InlineData(ActivityKind.Client, "rpc.system=grpc;rpc.service=Shop;rpc.method=Buy", "shop grpc.client.request [http] Buy Shop")]
    [InlineData(ActivityKind.Server, "http.request.method=GET;http.route=/x", "shop http.server.request [web] GET /x")]
    [InlineData(ActivityKind.Internal, "operation.name=op;resource.name=res;span.type=cache;service.name=other", "other op [cache] res")]
    public void An_activity_is_named_as_the_agent_would_name_it(ActivityKind kind, string tags, string drawn)
    {
        var span = Encode(kind, activity =>
        {
            foreach (var tag in tags.Split(';', StringSplitOptions.RemoveEmptyEntries)) activity.SetTag(tag.Split('=')[0], tag.Split('=')[1]);
        });
        Assert.Equal(drawn, span.ToString());
        Assert.Equal(kind.ToString().ToLowerInvariant(), span.Meta("span.kind"));
    }

    [Fact]
    public void Texts_numbers_truth_values_and_lists_find_their_place()
    {
        var span = Encode(ActivityKind.Internal, activity => activity
            .SetTag("text", "t").SetTag("flag", true).SetTag("int", 3).SetTag("double", 1.5).SetTag("list", new[] { "a", "b\"" })
            .SetTag("numbers", new[] { 1, 2 }).SetTag("day", DayOfWeek.Monday).SetTag("bytes", new byte[] { 1, 2 }));
        Assert.Equal(
            ("t", "true", "[\"a\",\"b\\u0022\"]", "[1,2]", "Monday", "AQI="),
            (span.Meta("text"), span.Meta("flag"), span.Meta("list"), span.Meta("numbers"), span.Meta("day"), span.Meta("bytes")));
        Assert.Equal((3.0, 1.5), (span.Metric("int"), span.Metric("double")));
    }

    [Fact]
    public void An_error_an_event_and_a_link_are_kept()
    {
        var other = new ActivityContext(ActivityTraceId.CreateFromString("4bf92f3577b34da6a3ce929d0e0e4736"), ActivitySpanId.CreateFromString("00f067aa0ba902b7"), ActivityTraceFlags.Recorded);
        var span = Encode(ActivityKind.Internal, activity =>
        {
            activity.AddLink(new ActivityLink(other, new ActivityTagsCollection { ["why"] = "batch" }));
            activity.AddEvent(new ActivityEvent("cache miss", tags: new ActivityTagsCollection { ["key"] = 5 }));
            activity.AddException(new InvalidOperationException("broken"));
            activity.SetStatus(ActivityStatusCode.Error, "said otherwise");
        });
        Assert.True(span.IsError);
        Assert.Equal(("System.InvalidOperationException", "broken", "broken"), (span.Meta("error.type"), span.Meta("error.message"), span.Meta("error.msg")));
        var link = (Dictionary<string, object?>)Assert.Single(span.Links)!;
        Assert.Equal((0xa3ce929d0e0e4736UL, 0x4bf92f3577b34da6UL, 0x00f067aa0ba902b7UL, 0x80000001UL), (link["trace_id"], link["trace_id_high"], link["span_id"], link["flags"]));
        var happened = (Dictionary<string, object?>)Assert.Single(span.Events)!;
        Assert.Equal("cache miss", happened["name"]);
    }

    [Fact]
    public void Too_many_tags_are_left_out_and_the_span_is_still_whole()
    {
        var span = Encode(ActivityKind.Internal, activity =>
        {
            for (var i = 0; i < 1000; i++) activity.SetTag($"tag{i}", "x");
        });
        Assert.Equal("x", span.Meta($"tag{TagWriter.MaxTags - 1}"));
        Assert.Null(span.Meta($"tag{TagWriter.MaxTags}"));
    }

    static SentSpan Encode(ActivityKind kind, Action<Activity> fill)
    {
        using var source = new ActivitySource("ActivityEncoderTests");
        using var listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var activity = source.StartActivity("work", kind)!;
        fill(activity);
        activity.Stop();
        var buffer = new MsgPackBuffer();
        var writer = new SpanWriter(new HookSettings { Service = "shop" }, "runtime", 1);
        new ActivityEncoder(writer).Encode(buffer, activity, SpanIdentity.Of(activity, _ => true));
        return new SentSpan((Dictionary<string, object?>)MsgPack.Decode(buffer.Written)!);
    }
}

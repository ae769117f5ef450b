using System.Globalization;
using System.Text.RegularExpressions;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.TestKit.Shop;

/// <summary>Plays one request through the services it meets.</summary>
/// <param name="choice">What is not left to chance; null leaves all to it.</param>
sealed partial class ShopTraceMaker(ShopScenario scenario, Random chance, TraceId traceId, ShopChoice? choice)
{
    const long Microsecond = UnixTime.NanosPerMicrosecond;

    readonly Dictionary<string, ShopProcess> _processes = [];
    readonly Dictionary<(TraceId Trace, string RuntimeId), (ShopProcess Process, List<Span> Spans)> _chunks = [];
    readonly string _customer = chance.Next(10_000, 100_000).ToString(CultureInfo.InvariantCulture);
    readonly string _tier = choice?.Tier ?? TierOf(chance.Next(10));
    readonly string _region = chance.Next(3) switch { 0 => "us-east", _ => "eu-west" };

    /// <summary>All that the request leaves.</summary>
    public ShopTrace Make(ShopEndpoint entry, long startUnixNanos)
    {
        Serve(entry, traceId, SpanId.None, startUnixNanos, isEntry: true);
        return new ShopTrace([.. _chunks.Values.Select(chunk => new ShopChunk(chunk.Process, [.. chunk.Spans.Select(span => AsItsClockSays(span, chunk.Process)).OrderBy(span => span.StartUnixNanos)]))]);
    }

    /// <summary>An endpoint answers; gives when, and with what status.</summary>
    (long EndUnixNanos, int Status) Serve(ShopEndpoint endpoint, TraceId trace, SpanId parent, long start, bool isEntry = false)
    {
        var process = ProcessOf(endpoint.Service, start);
        var id = scenario.NewSpanId();
        var call = new Caller(process, trace, id, endpoint.Service == ShopFacts.TierSlowService && endpoint.Resource == ShopFacts.TierSlowResource && _tier == ShopFacts.SlowTier ? ShopFacts.TierFactor : 1);
        var own = Nanos(endpoint.OwnMillis);
        var (at, status) = (start + (own / 3), 200);
        if (IsRegressed(endpoint, process)) at = Span(call, ShopFacts.RegressionSpanName, ShopFacts.RegressionSpanResource, "", SpanKind.Internal, at, Nanos(ShopFacts.RegressionMillis), []);
        foreach (var step in endpoint.Steps)
        {
            (at, status) = Take(step, call, at);
            if (status >= 400) break;
            at += chance.NextInt64(20, 120) * Microsecond;
        }
        var error = FaultOf(endpoint, process) is { } fault ? Error(fault, out status) : status >= 500 ? Upstream(ref status) : null;
        var end = at + (own * 2 / 3);
        Add(process, new Span
        {
            TraceId = trace,
            Id = id,
            ParentId = parent,
            StartUnixNanos = start,
            DurationNanos = end - start,
            Service = process.Service.Name,
            Name = endpoint.IsConsumer ? "kafka.consume" : process.Service.Operation,
            Resource = endpoint.Resource,
            Type = endpoint.IsConsumer ? "worker" : "web",
            Env = ShopFacts.Env,
            Kind = endpoint.IsConsumer ? SpanKind.Consumer : SpanKind.Server,
            Flags = error is null ? SpanFlags.None : SpanFlags.Error,
            Tags = Tags(process, endpoint.IsConsumer ? SpanKind.Consumer : SpanKind.Server,
            [
                .. ServerTags(endpoint, process, status, isEntry), .. error ?? [],
                (TagNames.RuntimeId, process.RuntimeId), (TagNames.Language, process.Service.Language), (TagNames.Hostname, process.Host),
                (TagNames.TraceIdHigh, trace.High.ToString("x16", CultureInfo.InvariantCulture)),
            ]),
            Numbers = new Dictionary<string, double> { [TagNames.SamplingPriority] = 1, [TagNames.ProcessId] = process.ProcessId },
        });
        return (end, status);
    }

    (long EndUnixNanos, int Status) Take(ShopStep step, Caller caller, long at)
    {
        switch (step)
        {
            case QueryStep query:
                for (var i = 0; i < query.Times; i++)
                {
                    at = Span(caller, query.Database.Operation, query.Statement, query.Database.SpanType, SpanKind.Client, at, Nanos(query.Millis),
                        [("db.system", query.Database.System), ("db.name", query.Database.Name), ("out.host", $"{query.Database.Name}-db"), ("db.statement", query.Statement)]) + (30 * Microsecond);
                }
                return (at, 200);
            case CacheStep cache:
                for (var i = 0; i < cache.Times; i++)
                {
                    at = Span(caller, "redis.command", cache.Command, "redis", SpanKind.Client, at, Nanos(cache.Millis),
                        [("db.system", "redis"), ("out.host", "shop-cache"), ("redis.raw_command", cache.Command)]) + (20 * Microsecond);
                }
                return (at, 200);
            case WorkStep work:
                return (Span(caller, work.Name, work.Resource, work.Name == "template.render" ? "template" : "", SpanKind.Internal, at, Nanos(work.Millis), []), 200);
            case ThirdPartyStep third:
                var method = third.Request.Split(' ')[0];
                return (Span(caller, "http.request", third.Request, "http", SpanKind.Client, at, Nanos(third.Millis),
                    [(TagNames.HttpMethod, method), (TagNames.HttpUrl, $"https://{third.Host}{third.Request.Split(' ').ElementAtOrDefault(1)}"), ("out.host", third.Host), (TagNames.HttpStatusCode, "200")]), 200);
            case CallStep call:
                return Call(call, caller, at);
            case PublishStep publish:
                return (Publish(publish, caller, at), 200);
            default:
                throw new InvalidOperationException($"A step of an unknown kind: {step}.");
        }
    }

    (long EndUnixNanos, int Status) Call(CallStep step, Caller caller, long at)
    {
        var id = scenario.NewSpanId();
        var arrives = at + Nanos(0.5);
        var other = !step.LosesHeader ? caller.Trace : choice is null ? scenario.NewTraceId(at) : new TraceId(traceId.High, traceId.Low + 1);
        var (answered, status) = Serve(ShopEndpoints.Of(step.Service, step.Resource), other, step.LosesHeader ? SpanId.None : id, arrives);
        var end = answered + Nanos(0.4);
        var url = $"http://{step.Service}:{ShopServices.Of(step.Service).Port}{PathOf(step.Resource)}";
        (string, string)[] error = status >= 500 ? [(TagNames.ErrorType, "UpstreamError"), (TagNames.ErrorMessage, $"{step.Service} answered {status}")] : [];
        Span(caller, "http.request", step.Resource, "http", SpanKind.Client, at, end - at,
            [(TagNames.HttpMethod, step.Resource.Split(' ')[0]), (TagNames.HttpUrl, url), ("out.host", step.Service), (TagNames.PeerService, step.Service), (TagNames.HttpStatusCode, status.ToString(CultureInfo.InvariantCulture)), .. error], id, slowed: false);
        return (end, step.LosesHeader ? 200 : status);
    }

    long Publish(PublishStep step, Caller caller, long at)
    {
        var id = scenario.NewSpanId();
        var end = Span(caller, "kafka.produce", $"Produce {step.Topic}", "queue", SpanKind.Producer, at, Nanos(1.4), [("messaging.system", "kafka"), ("messaging.destination.name", step.Topic), ("messaging.kafka.bootstrap.servers", "shop-kafka:9092")], id);
        foreach (var consumer in step.Consumers) Serve(ShopEndpoints.Of(consumer, $"{ShopEndpoint.Consume}{step.Topic}"), caller.Trace, id, end + Nanos(25));
        return end;
    }

    /// <summary>A span of a step; gives its end.</summary>
    long Span(Caller caller, string name, string resource, string type, SpanKind kind, long start, long durationNanos, (string Key, string Value)[] tags, SpanId? id = null, bool slowed = true)
    {
        var duration = slowed ? (long)(durationNanos * caller.Factor) : durationNanos;
        Add(caller.Process, new Span
        {
            TraceId = caller.Trace,
            Id = id ?? scenario.NewSpanId(),
            ParentId = caller.SpanId,
            StartUnixNanos = start,
            DurationNanos = duration,
            Service = caller.Process.Service.Name,
            Name = name,
            Resource = resource,
            Type = type,
            Env = ShopFacts.Env,
            Kind = kind,
            Flags = tags.Any(tag => tag.Key == TagNames.ErrorType) ? SpanFlags.Error : SpanFlags.None,
            Tags = Tags(caller.Process, kind, tags),
        }, caller.Trace);
        return start + duration;
    }

    void Add(ShopProcess process, Span span) => Add(process, span, span.TraceId);

    void Add(ShopProcess process, Span span, TraceId trace)
    {
        if (!_chunks.TryGetValue((trace, process.RuntimeId), out var chunk)) _chunks.Add((trace, process.RuntimeId), chunk = (process, []));
        chunk.Spans.Add(span);
    }

    /// <summary>A request meets one process of each service.</summary>
    ShopProcess ProcessOf(string service, long at)
    {
        if (_processes.TryGetValue(service, out var known)) return known;
        var facts = ShopServices.Of(service);
        var processes = Enumerable.Range(0, facts.Instances).Select(instance => scenario.ProcessAt(facts, instance, at)).ToList();
        if (choice is not null && service == ShopFacts.SkewedService) processes.RemoveAll(process => (process.Host == ShopFacts.SkewedHost) != (choice.Host == ShopFacts.SkewedHost));
        return _processes[service] = processes[chance.Next(processes.Count)];
    }

    ShopFault? FaultOf(ShopEndpoint endpoint, ShopProcess process)
    {
        foreach (var fault in ShopFacts.Faults)
        {
            if (fault.Service != endpoint.Service || fault.Resource != endpoint.Resource) continue;
            if (choice is not null)
            {
                if (choice.Fault == fault.Name) return fault;
                continue;
            }
            var exists = (fault.SinceVersion.Length == 0 || process.Version == fault.SinceVersion) && (fault.UntilVersion.Length == 0 || process.Version != fault.UntilVersion);
            if (exists && chance.NextDouble() < fault.Rate) return fault;
        }
        return null;
    }

    (string, string)[] Error(ShopFault fault, out int status)
    {
        status = fault.Status;
        var message = Placeholder().Replace(fault.Message, found => found.Groups["digits"].Success ? Digits(int.Parse(found.Groups["digits"].Value, CultureInfo.InvariantCulture)) : $"{chance.Next():x8}");
        return [(TagNames.ErrorType, fault.Type), (TagNames.ErrorMessage, message), (TagNames.ErrorStack, StackOf(fault, message))];
    }

    /// <summary>As the language writes it: Python lists the oldest call first and the error last; Java says "at".</summary>
    static string StackOf(ShopFault fault, string message) => fault.Frames[0].StartsWith("File ", StringComparison.Ordinal)
        ? $"Traceback (most recent call last):\n{string.Join('\n', fault.Frames.Reverse().Select(frame => "  " + frame))}\n{fault.Type}: {message}"
        : $"{fault.Type}: {message}\n{string.Join('\n', fault.Frames.Select(frame => (frame.Contains(".java:", StringComparison.Ordinal) ? "    at " : "    ") + frame))}";

    static (string, string)[] Upstream(ref int status)
    {
        var message = $"A service that was called answered {status}";
        status = 502;
        return [(TagNames.ErrorType, "UpstreamError"), (TagNames.ErrorMessage, message)];
    }

    (string, string)[] ServerTags(ShopEndpoint endpoint, ShopProcess process, int status, bool isEntry)
    {
        if (endpoint.IsConsumer) return [("messaging.system", "kafka"), ("messaging.destination.name", endpoint.Resource[ShopEndpoint.Consume.Length..])];
        (string, string)[] tags =
        [
            (TagNames.HttpMethod, endpoint.Resource.Split(' ')[0]), (TagNames.HttpRoute, endpoint.Resource.Split(' ')[1]),
            (TagNames.HttpUrl, $"http://{process.Service.Name}:{process.Service.Port}{PathOf(endpoint.Resource)}"), (TagNames.HttpStatusCode, status.ToString(CultureInfo.InvariantCulture)),
            (TagNames.Component, process.Service.Operation.Split('.')[0]),
        ];
        return isEntry && process.Service.Name is "web-store" or "mobile-api" ? [.. tags, (ShopFacts.TierTag, _tier), ("customer.id", _customer), ("region", _region)] : tags;
    }

    static Dictionary<string, string> Tags(ShopProcess process, SpanKind kind, (string Key, string Value)[] tags)
    {
        var all = new Dictionary<string, string>(tags.Length + 3) { [TagNames.Env] = ShopFacts.Env, [TagNames.Version] = process.Version, [TagNames.SpanKind] = kind.ToString().ToLowerInvariant() };
        foreach (var (key, value) in tags) all[key] = value;
        return all;
    }

    static Span AsItsClockSays(Span span, ShopProcess process) =>
        process.Host == ShopFacts.SkewedHost ? span with { StartUnixNanos = span.StartUnixNanos + (ShopFacts.Skew.Ticks * UnixTime.NanosPerTick) } : span;

    static bool IsRegressed(ShopEndpoint endpoint, ShopProcess process) =>
        endpoint.Service == ShopFacts.RegressionService && endpoint.Resource == ShopFacts.RegressionResource && process.Version == ShopFacts.RegressionVersion;

    static string TierOf(int draw)
    {
        foreach (var (tier, ofTen) in ShopFacts.Tiers) if ((draw -= ofTen) < 0) return tier;
        throw new InvalidOperationException("The tiers do not add up to ten.");
    }

    string PathOf(string resource) => PathParameter().Replace(resource.Split(' ')[1], _ => Digits(5));

    string Digits(int count) => chance.NextInt64((long)Math.Pow(10, count - 1), (long)Math.Pow(10, count)).ToString(CultureInfo.InvariantCulture);

    /// <summary>About so many milliseconds, in nanoseconds: mostly near, seldom much more.</summary>
    long Nanos(double millis)
    {
        var bell = (chance.NextDouble() + chance.NextDouble() + chance.NextDouble() + chance.NextDouble() - 2) * 1.7;
        var value = millis * Math.Exp(0.3 * bell);
        if (chance.Next(120) == 0) value *= 2 + (chance.NextDouble() * 3);
        return Math.Max(1000, (long)(value * UnixTime.NanosPerMillisecond));
    }

    [GeneratedRegex(@"\{(?:(?<digits>\d)|hex)\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex PathParameter();

    /// <param name="Factor">How much longer its steps take than usual.</param>
    readonly record struct Caller(ShopProcess Process, TraceId Trace, SpanId SpanId, double Factor);
}

using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Encode;

/// <summary>
/// Writes the parts that every span has in the v0.4 layout:
/// <code>map { trace_id, span_id, parent_id, start, duration, error, service, name, type, resource, meta, metrics [, span_links] [, span_events] }</code>
/// </summary>
/// <remarks>
/// Thread-safe: holds only what was encoded at start. What is the same in every span is copied in a few pieces, and the numbers in it
/// are filled in at their places.
/// </remarks>
internal sealed class SpanWriter
{
    const int KeysOfAll = 12;

    static readonly byte[] KeyService = MsgPackKey.Of("service"), KeyName = MsgPackKey.Of("name"), KeyType = MsgPackKey.Of("type"),
        KeyResource = MsgPackKey.Of("resource"), KeyMeta = MsgPackKey.Of("meta"), KeyOrigin = MsgPackKey.Of("_dd.origin"),
        KeyLastParent = MsgPackKey.Of("_dd.parent_id"), KeyPropagationError = MsgPackKey.Of("_dd.propagation_error"),
        KeyErrorType = MsgPackKey.Of("error.type"), KeyErrorMessage = MsgPackKey.Of("error.message"), KeyErrorMsg = MsgPackKey.Of("error.msg"),
        KeyErrorStack = MsgPackKey.Of("error.stack"), DefaultDecisionMaker = MsgPackKey.Block([new("_dd.p.dm", "-0")]),
        TraceIdHighTag = MsgPackKey.Block([new("_dd.p.tid", new string('0', 16))]), KeyMetrics = MsgPackKey.Of("metrics"), KeyPriority = MsgPackKey.Of("_sampling_priority_v1");

    static readonly byte[] s_head;
    static readonly int s_traceIdAt, s_spanIdAt, s_parentIdAt, s_startAt, s_durationAt;

    readonly byte[] _service;
    readonly byte[] _commonMeta;
    readonly int _commonMetaCount;
    readonly byte[] _rootMetrics;

    static SpanWriter()
    {
        var head = new MsgPackBuffer();
        head.FixMap(KeysOfAll);
        s_traceIdAt = Number("trace_id", 0xcf);
        s_spanIdAt = Number("span_id", 0xcf);
        s_parentIdAt = Number("parent_id", 0xcf);
        s_startAt = Number("start", 0xd3);
        s_durationAt = Number("duration", 0xd3);
        head.Raw(MsgPackKey.Of("error"));
        head.Int64(0);
        s_head = head.Written.ToArray();

        // Where its eight bytes stand.
        int Number(string key, byte code)
        {
            head.Raw(MsgPackKey.Of(key));
            head.Raw([code, 0, 0, 0, 0, 0, 0, 0, 0]);
            return head.Length - 8;
        }
    }

    /// <param name="settings">Service, env, version, tags.</param>
    /// <param name="runtimeId">Id of this run of the process.</param>
    /// <param name="processId">The process id.</param>
    public SpanWriter(HookSettings settings, string runtimeId, int processId)
    {
        _service = MsgPackKey.Block([new("service", settings.Service)]);
        var common = new List<KeyValuePair<string, string>> { new("language", "dotnet"), new("runtime-id", runtimeId) };
        if (settings.Env.Length > 0) common.Add(new("env", settings.Env));
        if (settings.Version.Length > 0) common.Add(new("version", settings.Version));
        common.AddRange(settings.Tags);
        _commonMeta = MsgPackKey.Block(common);
        _commonMetaCount = common.Count;

        var root = new MsgPackBuffer();
        root.Raw(MsgPackKey.Of("_dd.top_level"));
        root.Int64(1);
        root.Raw(MsgPackKey.Of("process_id"));
        root.Int64(processId);
        _rootMetrics = root.Written.ToArray();
    }

    /// <summary>Writes everything up to the resource, whose value the caller writes next.</summary>
    public void Begin(MsgPackBuffer to, Activity activity, in SpanIdentity who, byte[] name, byte[] type, bool isError, int extraKeys = 0, string? service = null)
    {
        var head = to.Form(s_head);
        if (head.IsEmpty) return;
        head[0] += (byte)extraKeys;
        BinaryPrimitives.WriteUInt64BigEndian(head[s_traceIdAt..], who.TraceIdLow);
        BinaryPrimitives.WriteUInt64BigEndian(head[s_spanIdAt..], who.SpanId);
        BinaryPrimitives.WriteUInt64BigEndian(head[s_parentIdAt..], who.ParentId);
        BinaryPrimitives.WriteInt64BigEndian(head[s_startAt..], UnixNanos(activity.StartTimeUtc));
        BinaryPrimitives.WriteInt64BigEndian(head[s_durationAt..], activity.Duration.Ticks * 100);
        head[^1] = isError ? (byte)1 : (byte)0;
        if (service is null)
        {
            to.Raw(_service);
        }
        else
        {
            to.Raw(KeyService);
            to.Text(service);
        }
        to.Raw(KeyName);
        to.Raw(name);
        to.Raw(KeyType);
        to.Raw(type);
        to.Raw(KeyResource);
    }

    /// <summary>Begins <c>meta</c> with the tags that every span has.</summary>
    /// <returns>How many pairs were written.</returns>
    public int BeginMeta(MsgPackBuffer to, in SpanIdentity who, out int mark)
    {
        to.Raw(KeyMeta);
        mark = to.BeginMap16();
        to.Raw(_commonMeta);
        var count = _commonMetaCount;
        if (who.TraceIdHigh != 0)
        {
            var tag = to.Form(TraceIdHighTag);
            if (!tag.IsEmpty) Encoding.ASCII.GetBytes(who.TraceIdHex.AsSpan(0, 16), tag[^16..]);
            count++;
        }
        if (who.Facts?.Context.Origin is { } origin)
        {
            to.Raw(KeyOrigin);
            to.Text(origin);
            count++;
        }
        return who.IsLocalRoot ? count + WriteTraceTags(to, who) : count;
    }

    /// <summary>Writes what an error is known by.</summary>
    /// <returns>How many pairs were written.</returns>
    public static int WriteError(MsgPackBuffer to, string? type, string? message, string? stack)
    {
        var count = 0;
        if (!string.IsNullOrEmpty(type)) count += Pair(to, KeyErrorType, type);
        if (!string.IsNullOrEmpty(message))
        {
            count += Pair(to, KeyErrorMessage, message);
            count += Pair(to, KeyErrorMsg, message); // Both keys are in use; old readers know only the second.
        }
        if (!string.IsNullOrEmpty(stack)) count += Pair(to, KeyErrorStack, stack);
        return count;
    }

    /// <summary>Writes an exception as an error.</summary>
    public static int WriteError(MsgPackBuffer to, Exception exception) =>
        WriteError(to, exception.GetType().FullName, exception.Message, exception.ToString());

    /// <summary>Writes one tag whose key is encoded already.</summary>
    public static int Pair(MsgPackBuffer to, byte[] key, ReadOnlySpan<char> value)
    {
        to.Raw(key);
        to.Text(value);
        return 1;
    }

    /// <summary>Writes the trace's propagation error, if there was one.</summary>
    public static int WritePropagationError(MsgPackBuffer to, string? error) => error is null ? 0 : Pair(to, KeyPropagationError, error);

    /// <summary>Begins <c>metrics</c> with those that every span has.</summary>
    public int BeginMetrics(MsgPackBuffer to, in SpanIdentity who, out int mark)
    {
        to.Raw(KeyMetrics);
        mark = to.BeginMap16();
        to.Raw(KeyPriority);
        to.Int64(who.Priority);
        if (!who.IsLocalRoot) return 1;
        to.Raw(_rootMetrics);
        return 3;
    }

    static int WriteTraceTags(MsgPackBuffer to, in SpanIdentity who)
    {
        var count = 0;
        var hasDecisionMaker = false;
        if (who.Facts?.Context is { } context)
        {
            if (context.LastParentId is { } parent) count += Pair(to, KeyLastParent, parent);
            foreach (var (key, value) in context.Tags)
            {
                hasDecisionMaker |= key == "_dd.p.dm";
                to.Text(key);
                to.Text(value);
                count++;
            }
        }
        if (hasDecisionMaker || who.Priority <= 0) return count;
        to.Raw(DefaultDecisionMaker);
        return count + 1;
    }

    static long UnixNanos(DateTime utc) => (utc.Ticks - DateTime.UnixEpoch.Ticks) * 100;
}

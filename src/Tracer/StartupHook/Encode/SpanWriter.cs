using System.Diagnostics;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Encode;

/// <summary>
/// Writes the parts that every span has in the v0.4 layout:
/// <code>map { service, name, type, trace_id, span_id, parent_id, start, duration, error, resource, meta, metrics [, span_links] [, span_events] }</code>
/// </summary>
/// <remarks>Thread-safe: holds only texts that were encoded at start.</remarks>
internal sealed class SpanWriter
{
    static readonly byte[] KeyService = MsgPackKey.Of("service"), KeyName = MsgPackKey.Of("name"), KeyType = MsgPackKey.Of("type"),
        KeyTraceId = MsgPackKey.Of("trace_id"), KeySpanId = MsgPackKey.Of("span_id"), KeyParentId = MsgPackKey.Of("parent_id"),
        KeyStart = MsgPackKey.Of("start"), KeyDuration = MsgPackKey.Of("duration"), KeyError = MsgPackKey.Of("error"),
        KeyResource = MsgPackKey.Of("resource"), KeyMeta = MsgPackKey.Of("meta"), KeyMetrics = MsgPackKey.Of("metrics"),
        KeyTid = MsgPackKey.Of("_dd.p.tid"), KeyDm = MsgPackKey.Of("_dd.p.dm"), KeyOrigin = MsgPackKey.Of("_dd.origin"),
        KeyLastParent = MsgPackKey.Of("_dd.parent_id"), KeyPropagationError = MsgPackKey.Of("_dd.propagation_error"),
        KeyPriority = MsgPackKey.Of("_sampling_priority_v1"), KeyTopLevel = MsgPackKey.Of("_dd.top_level"), KeyProcessId = MsgPackKey.Of("process_id"),
        KeyErrorType = MsgPackKey.Of("error.type"), KeyErrorMessage = MsgPackKey.Of("error.message"), KeyErrorMsg = MsgPackKey.Of("error.msg"),
        KeyErrorStack = MsgPackKey.Of("error.stack"), DefaultDecisionMaker = MsgPackKey.Of("-0");

    readonly byte[] _service;
    readonly byte[] _commonMeta;
    readonly int _commonMetaCount;
    readonly int _processId;

    /// <param name="settings">Service, env, version, tags.</param>
    /// <param name="runtimeId">Id of this run of the process.</param>
    /// <param name="processId">The process id.</param>
    public SpanWriter(HookSettings settings, string runtimeId, int processId)
    {
        _service = MsgPackKey.Of(settings.Service);
        _processId = processId;
        var common = new List<KeyValuePair<string, string>> { new("language", "dotnet"), new("runtime-id", runtimeId) };
        if (settings.Env.Length > 0) common.Add(new("env", settings.Env));
        if (settings.Version.Length > 0) common.Add(new("version", settings.Version));
        common.AddRange(settings.Tags);
        _commonMeta = MsgPackKey.Block(common);
        _commonMetaCount = common.Count;
    }

    /// <summary>Writes everything up to the resource, whose value the caller writes next.</summary>
    public void Begin(MsgPackBuffer to, Activity activity, in SpanIdentity who, byte[] name, byte[] type, bool isError, int extraKeys = 0, string? service = null)
    {
        to.FixMap(12 + extraKeys);
        to.Raw(KeyService);
        if (service is null) to.Raw(_service);
        else to.Text(service);
        to.Raw(KeyName);
        to.Raw(name);
        to.Raw(KeyType);
        to.Raw(type);
        to.Raw(KeyTraceId);
        to.UInt64(who.TraceIdLow);
        to.Raw(KeySpanId);
        to.UInt64(who.SpanId);
        to.Raw(KeyParentId);
        to.UInt64(who.ParentId);
        to.Raw(KeyStart);
        to.Int64(UnixNanos(activity.StartTimeUtc));
        to.Raw(KeyDuration);
        to.Int64(activity.Duration.Ticks * 100);
        to.Raw(KeyError);
        to.Int64(isError ? 1 : 0);
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
            to.Raw(KeyTid);
            to.Text(who.TraceIdHex.AsSpan(0, 16));
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
        to.Raw(KeyTopLevel);
        to.Int64(1);
        to.Raw(KeyProcessId);
        to.Int64(_processId);
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
        to.Raw(KeyDm);
        to.Raw(DefaultDecisionMaker);
        return count + 1;
    }

    static long UnixNanos(DateTime utc) => (utc.Ticks - DateTime.UnixEpoch.Ticks) * 100;
}

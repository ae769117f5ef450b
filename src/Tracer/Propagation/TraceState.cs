using System.Globalization;
using System.Text;

namespace Apm.Tracer.Propagation;

/// <summary>
/// The W3C header <c>tracestate</c>: comma-separated members, of which <c>dd</c> is ours:
/// <code>dd=p:00f067aa0ba902b7;s:2;o:rum;t.dm:-4;t.usr.id:baz64~~,other=member</code>
/// </summary>
internal sealed class TraceState
{
    const int MaxMembers = 32;
    const int MaxChars = 512;
    const int MaxMemberChars = 128;
    const int MaxOwnChars = 256;

    /// <summary>Sampling priority told by <c>s</c>; null when absent.</summary>
    public int? Priority { get; private set; }

    /// <summary>Origin told by <c>o</c>; null when absent.</summary>
    public string? Origin { get; private set; }

    /// <summary>Last span id told by <c>p</c>, 16 hex digits; null when absent.</summary>
    public string? LastParentId { get; private set; }

    /// <summary>Travelling tags told by <c>t.*</c>, with their full key <c>_dd.p.*</c>.</summary>
    public List<KeyValuePair<string, string>> Tags { get; private set; } = [];

    /// <summary>Members of others, joined by commas; null when there are none.</summary>
    public string? Foreign { get; private set; }

    /// <summary>Reads a header; an empty result when it holds characters outside 0x20–0x7E.</summary>
    public static TraceState Parse(string? header)
    {
        var state = new TraceState();
        if (string.IsNullOrEmpty(header) || header.AsSpan().ContainsAnyExceptInRange(' ', '~')) return state;

        var foreign = new List<string>();
        string? own = null;
        foreach (var member in header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (member.StartsWith("dd=", StringComparison.Ordinal)) own = member[3..];
            else foreign.Add(member);
        }
        if (own is not null) state.ReadOwn(own);
        state.Foreign = Fit(foreign, roomChars: MaxChars - (own is null ? 0 : own.Length + 4), own is null ? MaxMembers : MaxMembers - 1);
        return state;
    }

    /// <summary>Writes a header: our member first, then those of others, of which the last gives way when 32 is reached.</summary>
    /// <param name="context">What is told. <c>_dd.p.tid</c> is left out: the trace id says it.</param>
    /// <param name="spanId">Told as <c>p</c>; 0 leaves it out.</param>
    /// <param name="isLimited">Keep to the 256 characters of the wire; false inside the process, where nothing should be lost.</param>
    public static string Format(TraceContext context, ulong spanId, bool isLimited)
    {
        var own = new StringBuilder("dd=");
        if (spanId != 0) Append(own, "p", Hex.Of(spanId));
        else if (context.LastParentId is { } parent) Append(own, "p", parent);
        if (context.Priority is { } priority) Append(own, "s", priority.ToString(CultureInfo.InvariantCulture));
        if (context.Origin is { } origin) Append(own, "o", EncodeValue(origin));
        foreach (var (key, value) in InOrder(context.Tags))
        {
            var name = "t." + EncodeKey(key["_dd.p.".Length..]);
            var text = EncodeValue(value);
            if (isLimited && own.Length + name.Length + text.Length + 2 > MaxOwnChars) continue;
            Append(own, name, text);
        }

        if (context.ForeignState is not { } foreign) return own.Length > 3 ? own.ToString() : "";
        var members = foreign.Split(',');
        if (own.Length == 3) return foreign;
        for (var i = 0; i < members.Length && i < MaxMembers - 1; i++) own.Append(',').Append(members[i]);
        return own.ToString();
    }

    void ReadOwn(string text)
    {
        foreach (var pair in text.Split(';'))
        {
            var colon = pair.IndexOf(':');
            var key = colon < 0 ? "" : pair[..colon];
            var value = colon < 0 ? "" : pair[(colon + 1)..];
            var isPriority = key == "s";
            if (colon <= 0 || (isPriority && !int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)))
            {
                // Malformed: nothing of it counts, the members of others still do.
                (Priority, Origin, LastParentId, Tags) = (null, null, null, []);
                return;
            }
            if (isPriority) Priority = int.Parse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            else if (key == "o") Origin = value.Replace('~', '=');
            else if (key == "p") LastParentId = Hex.TryRead16(value, out _) ? value : null;
            else if (key.StartsWith("t.", StringComparison.Ordinal) && key.Length > 2 && key != "t.tid")
                Tags.Add(new(string.Concat("_dd.p.", key.AsSpan(2)), value.Replace('~', '=')));
        }
    }

    static string? Fit(List<string> members, int roomChars, int maxMembers)
    {
        if (TotalChars(members) > roomChars) members.RemoveAll(member => member.Length > MaxMemberChars);
        while (members.Count > 0 && (members.Count > maxMembers || TotalChars(members) > roomChars)) members.RemoveAt(members.Count - 1);
        return members.Count == 0 ? null : string.Join(',', members);
    }

    static int TotalChars(List<string> members)
    {
        var total = Math.Max(0, members.Count - 1);
        foreach (var member in members) total += member.Length;
        return total;
    }

    static IEnumerable<KeyValuePair<string, string>> InOrder(List<KeyValuePair<string, string>> tags) =>
        tags.OrderBy(tag => tag.Key switch { "_dd.p.dm" => 0, "_dd.p.usr.id" => 1, _ => 2 });

    static void Append(StringBuilder text, string key, string value)
    {
        if (text.Length > 3) text.Append(';');
        text.Append(key).Append(':').Append(value);
    }

    static string EncodeValue(string value) =>
        string.Create(value.Length, value, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
                to[i] = from[i] is < ' ' or > '~' or ',' or ';' or '~' ? '_' : from[i] == '=' ? '~' : from[i];
        });

    static string EncodeKey(string key) =>
        string.Create(key.Length, key, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++) to[i] = from[i] is <= ' ' or > '~' or ',' or '=' ? '_' : from[i];
        });
}

using System.Text.Json;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>The units that Datadog's answers name, as they name them.</summary>
static class DatadogUnits
{
    /// <summary>Family, names in the singular with plural and short name where they are not plain; the order gives the number.</summary>
    static readonly (int FirstId, string Family, (string Name, string Plural, string Short, double Scale)[] Units)[] s_families =
    [
        (1, "bytes", [("bit", "bits", "b", 0.125), ("byte", "bytes", "B", 1), ("kibibyte", "kibibytes", "KiB", 1024), ("mebibyte", "mebibytes", "MiB", 1048576), ("gibibyte", "gibibytes", "GiB", 1073741824), ("tebibyte", "tebibytes", "TiB", 1099511627776)]),
        (8, "time", [("nanosecond", "nanoseconds", "ns", 1e-9), ("microsecond", "microseconds", "μs", 1e-6), ("millisecond", "milliseconds", "ms", 0.001), ("second", "seconds", "s", 1), ("minute", "minutes", "min", 60), ("hour", "hours", "hr", 3600), ("day", "days", "day", 86400), ("week", "weeks", "wk", 604800)]),
        (16, "percentage", [("fraction", "fractions", "fraction", 1), ("percent", "percent", "%", 0.01), ("percent_nano", "percent_nanos", "n%", 1e-11), ("apdex", "apdex", "apdex", 1)]),
        (20, "network", [.. Plain("connection", "request", "packet", "segment", "response", "message", "payload")]),
        (30, "system", [.. Plain("core", "thread", "host", "node"), ("process", "processes", "proc", 1)]),
        (40, "disk", [.. Plain("file", "inode", "sector", "block", "page", "split")]),
        (50, "db", [.. Plain("table"), ("index", "indices", "idx", 1), .. Plain("lock", "transaction"), ("query", "queries", "query", 1), .. Plain("row", "key", "command", "offset", "record", "object", "cursor", "assertion", "document")]),
        (70, "cache", [.. Plain("hit"), ("miss", "misses", "miss", 1), .. Plain("eviction", "get", "set")]),
        (80, "general", [.. Plain("error", "read", "write", "flush", "operation", "event", "wait", "unit", "occurrence", "time", "task", "worker", "resource", "email", "sample", "stage", "monitor", "location", "check", "attempt", "device", "update", "method", "job", "container", "execution", "throttle", "invocation", "user")]),
    ];

    static readonly Dictionary<string, (string Family, double Scale, string Name, string Short, string Plural, int Id)> s_byName =
        s_families.SelectMany(family => family.Units.Select((unit, i) => (family.Family, unit.Scale, unit.Name, unit.Short, unit.Plural, Id: family.FirstId + i))).ToDictionary(unit => unit.Name, StringComparer.Ordinal);

    static IEnumerable<(string, string, string, double)> Plain(params string[] names) => names.Select(name => (name, name + "s", name, 1.0));

    /// <summary>Writes <c>null</c>, or an array of the unit and what it is per.</summary>
    public static void Write(Utf8JsonWriter json, string member, string unit, string perUnit)
    {
        if (!s_byName.ContainsKey(unit) && !s_byName.ContainsKey(perUnit))
        {
            json.WriteNull(member);
            return;
        }
        json.WriteStartArray(member);
        WriteOne(json, unit);
        WriteOne(json, perUnit);
        json.WriteEndArray();
    }

    /// <summary>Writes an array of two, each a unit or null, as version 2 has it.</summary>
    public static void WritePair(Utf8JsonWriter json, string member, string unit, string perUnit)
    {
        json.WriteStartArray(member);
        WriteOne(json, unit);
        WriteOne(json, perUnit);
        json.WriteEndArray();
    }

    static void WriteOne(Utf8JsonWriter json, string name)
    {
        if (!s_byName.TryGetValue(name, out var unit))
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        json.WriteString("family", unit.Family);
        json.WriteNumber("scale_factor", unit.Scale);
        json.WriteString("name", unit.Name);
        json.WriteString("short_name", unit.Short);
        json.WriteString("plural", unit.Plural);
        json.WriteNumber("id", unit.Id);
        json.WriteEndObject();
    }
}

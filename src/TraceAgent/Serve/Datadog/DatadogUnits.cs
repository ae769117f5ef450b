using System.Text.Json;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>The units that Datadog's answers name, as they name them.</summary>
static class DatadogUnits
{
    /// <summary>Family, names in the singular with plural and short name where they are not plain; the order gives the number.</summary>
    static readonly (int FirstId, string Family, (string Name, string Plural, string Short, double Scale)[] Units)[] s_families =
    [
        (1, "bytes", [("bit", "bits", "b", 0.125), ("byte", "bytes", "B", 1), ("kibibyte", "kibibytes", "KiB", 1024), ("mebibyte", "mebibytes", "MiB", 1048576), ("gibibyte", "gibibytes", "GiB", 1073741824), ("tebibyte", "tebibytes", "TiB", 1099511627776), ("pebibyte", "pebibytes", "PiB", 1125899906842624)]),
        (8, "time", [("nanosecond", "nanoseconds", "ns", 1e-9), ("microsecond", "microseconds", "μs", 1e-6), ("millisecond", "milliseconds", "ms", 0.001), ("second", "seconds", "s", 1), ("minute", "minutes", "min", 60), ("hour", "hours", "hr", 3600), ("day", "days", "day", 86400), ("week", "weeks", "wk", 604800)]),
        (16, "percentage", [("fraction", "fractions", "fraction", 1), ("percent", "percent", "%", 0.01), ("percent_nano", "percent_nanos", "n%", 1e-11), ("apdex", "apdex", "apdex", 1)]),
        (20, "network", [.. Plain("connection", "request", "packet", "segment", "response", "message", "payload")]),
        (30, "system", [.. Plain("core", "thread", "host", "node"), ("process", "processes", "proc", 1)]),
        (40, "disk", [.. Plain("file", "inode", "sector", "block", "page", "split")]),
        (50, "db", [.. Plain("table"), ("index", "indices", "idx", 1), .. Plain("lock", "transaction"), ("query", "queries", "query", 1), .. Plain("row", "key", "command", "offset", "record", "object", "cursor", "assertion", "document")]),
        (70, "cache", [.. Plain("hit"), ("miss", "misses", "miss", 1), .. Plain("eviction", "get", "set")]),
        (80, "general", [.. Plain("error", "read", "write", "flush", "operation", "event", "wait", "unit", "occurrence", "time", "task", "worker", "resource", "email", "sample", "stage", "monitor", "location", "check", "attempt", "device", "update", "method", "job", "container", "execution", "throttle", "invocation", "user")]),
        // What came later, so that the numbers of the others stay.
        (140, "bytes", [("exbibyte", "exbibytes", "EiB", 1152921504606846976)]),
        (141, "network", [.. Plain("timeout", "datagram", "route", "session", "hop")]),
        (150, "system", [.. Plain("fault", "service", "instance", "cpu")]),
        (160, "general", [.. Plain("buffer", "item"), ("garbage collection", "garbage collections", "gc", 1), ("success", "successes", "success", 1), .. Plain("build", "prediction", "exception")]),
        (170, "db", [.. Plain("scan", "shard", "merge"), ("refresh", "refreshes", "refresh", 1), ("fetch", "fetches", "fetch", 1), .. Plain("column", "commit", "ticket", "question")]),
        (190, "money", [("dollar", "dollars", "$", 1), ("cent", "cents", "¢", 0.01), ("microdollar", "microdollars", "µ$", 1e-6), ("euro", "euros", "€", 1)]),
        (200, "frequency", [("hertz", "hertz", "Hz", 1), ("kilohertz", "kilohertz", "kHz", 1e3), ("megahertz", "megahertz", "MHz", 1e6), ("gigahertz", "gigahertz", "GHz", 1e9)]),
        (210, "logging", [("entry", "entries", "entry", 1)]),
        (212, "temperature", [("decidegree celsius", "decidegrees celsius", "d°C", 0.1), ("degree celsius", "degrees celsius", "°C", 1), ("degree fahrenheit", "degrees fahrenheit", "°F", 1)]),
        (220, "cpu", [("nanocore", "nanocores", "ncores", 1e-9), ("microcore", "microcores", "µcores", 1e-6), ("millicore", "millicores", "mcores", 0.001), ("kilocore", "kilocores", "Kcores", 1e3), ("megacore", "megacores", "Mcores", 1e6), ("gigacore", "gigacores", "Gcores", 1e9), ("teracore", "teracores", "Tcores", 1e12), ("petacore", "petacores", "Pcores", 1e15), ("exacore", "exacores", "Ecores", 1e18)]),
        (230, "power", [("nanowatt", "nanowatts", "nW", 1e-9), ("microwatt", "microwatts", "µW", 1e-6), ("milliwatt", "milliwatts", "mW", 0.001), ("deciwatt", "deciwatts", "dW", 0.1), ("watt", "watts", "W", 1), ("kilowatt", "kilowatts", "kW", 1e3), ("megawatt", "megawatts", "MW", 1e6), ("gigawatt", "gigawatts", "GW", 1e9), ("terrawatt", "terrawatts", "TW", 1e12)]), // Spelled so by Datadog.
        (240, "current", [("milliampere", "milliamperes", "mA", 0.001), ("ampere", "amperes", "A", 1)]),
        (242, "potential", [("millivolt", "millivolts", "mV", 0.001), ("volt", "volts", "V", 1)]),
        (244, "apm", [.. Plain("span")]),
        (245, "synthetics", [.. Plain("run", "step")]),
    ];

    static readonly Dictionary<string, (string Family, double Scale, string Name, string Short, string Plural, int Id)> s_byName =
        s_families.SelectMany(family => family.Units.Select((unit, i) => (family.Family, unit.Scale, unit.Name, unit.Short, unit.Plural, Id: family.FirstId + i))).ToDictionary(unit => unit.Name, StringComparer.Ordinal);

    static IEnumerable<(string, string, string, double)> Plain(params string[] names) => names.Select(name => (name, name + "s", name, 1.0));

    /// <summary>Names of all units.</summary>
    public static IReadOnlyCollection<string> Names => s_byName.Keys;

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

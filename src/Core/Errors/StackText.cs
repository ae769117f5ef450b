using System.Collections.Frozen;
using System.Globalization;

namespace Apm.Core.Errors;

/// <summary>
/// Reads the stacks of Python, .NET, Java, Node.js, Go, Ruby and PHP, and knows which frames are of libraries. Each line is read by its own look, so a
/// language need not be told. Pure. The rules stand in docs/errors.md.
/// </summary>
public static class StackText
{
    /// <summary>Frames that are read of one stack; default 200. Those furthest from the error are left out.</summary>
    public const int MaxFrames = 200;

    /// <summary>Characters of a stack that are read; default 32,768.</summary>
    public const int MaxChars = 32_768;

    static readonly string[] LibraryPaths =
    [
        "/site-packages/", "/dist-packages/", "/lib/python", "/lib64/python", "<frozen ", "<string>", "\\lib\\site-packages\\", // Python
        "/node_modules/", "node:", "internal/", "webpack/", "<anonymous>",                                                    // Node.js
        "/usr/local/go/", "/go/src/runtime/", "/go/pkg/mod/", "/pkg/mod/", "/vendor/",                                        // Go, PHP
        "/gems/", "/lib/ruby/", "<internal:", "/rubygems/", "/bin/bundle",                                                    // Ruby
        "[internal function]", "/usr/share/php/",                                                                             // PHP
        "/_/src/", "/_work/",                                                                                                // .NET libraries built by their own servers
    ];

    static readonly string[] LibraryNames =
    [
        // .NET
        "System.", "Microsoft.", "Npgsql.", "MySql.", "MySqlConnector.", "MongoDB.", "Newtonsoft.", "Grpc.", "Serilog.", "NLog.", "Dapper.", "StackExchange.", "OpenTelemetry.",
        "Datadog.", "Polly.", "RestSharp.", "MassTransit.", "Confluent.", "RabbitMQ.", "AutoMapper.", "FluentValidation.", "MediatR.", "Hangfire.", "Oracle.", "Azure.", "Amazon.", "lambda_method",
        // Java
        "java.", "javax.", "jdk.", "sun.", "com.sun.", "jakarta.", "org.springframework.", "org.apache.", "org.hibernate.", "io.netty.", "reactor.", "kotlin.", "kotlinx.", "scala.", "akka.",
        "org.eclipse.", "com.zaxxer.", "org.postgresql.", "com.mysql.", "okhttp3.", "okio.", "retrofit2.", "com.fasterxml.", "com.google.common.", "com.google.protobuf.", "io.grpc.", "org.jboss.",
        "io.undertow.", "ch.qos.", "org.slf4j.", "feign.", "io.micrometer.", "io.opentelemetry.", "datadog.trace.", "redis.clients.", "io.lettuce.", "com.mongodb.", "org.mongodb.", "io.vertx.",
        "io.quarkus.", "org.junit.", "groovy.", "net.bytebuddy.",
        // Go
        "runtime.", "runtime/", "net/http.", "net/http/", "net.", "panic", "reflect.", "testing.", "database/sql.", "encoding/", "google.golang.org/", "github.com/DataDog/", "go.opentelemetry.io/",
    ];

    static readonly FrozenDictionary<char, string[]> LibraryNamesByInitial = LibraryNames.GroupBy(name => name[0]).ToFrozenDictionary(group => group.Key, group => group.ToArray());

    /// <summary>The frames, the one in which the error arose first. Empty when no line looks like a frame.</summary>
    public static IReadOnlyList<StackFrame> Read(string stack)
    {
        var frames = new List<StackFrame>();
        var isPython = false;
        string? goFunction = null;
        var lines = (stack.Length > MaxChars ? stack[..MaxChars] : stack).Split('\n');
        foreach (var raw in lines)
        {
            var line = raw.AsSpan().TrimEnd('\r');
            var text = line.Trim();
            if (text.Length == 0) continue;
            if (text.StartsWith("Traceback (most recent call last)"))
            {
                frames.Clear(); // Of chained exceptions the last is the one that was reported.
                isPython = true;
            }
            else if (text.StartsWith("Caused by:") && frames.Count > 0) break; // Java: the frames of the error itself are complete.
            else if (Python(text) is { } python)
            {
                isPython = true;
                frames.Add(python);
            }
            else if (text.StartsWith("at "))
            {
                if (At(text[3..].Trim()) is { } at) frames.Add(at);
            }
            else if (Php(text) is { } php) frames.Add(php);
            else if (Ruby(text) is { } ruby) frames.Add(ruby);
            else if (goFunction is not null && line[0] == '\t' && GoPlace(text) is { } place)
            {
                frames.Add(Frame(goFunction, place.File, place.Line));
                goFunction = null;
            }
            else goFunction = line[0] is not (' ' or '\t') ? GoFunction(text) : null;
            if (frames.Count >= MaxFrames && !isPython) break;
        }
        if (!isPython) return frames;
        frames.Reverse(); // Python lists the oldest call first.
        return frames.Count > MaxFrames ? frames[..MaxFrames] : frames;
    }

    /// <summary>The frame nearest to the error that is not of a library; the nearest of all when each is. Null without frames.</summary>
    public static StackFrame? TopOwn(IReadOnlyList<StackFrame> frames)
    {
        foreach (var frame in frames) if (!frame.IsLibrary) return frame;
        return frames.Count > 0 ? frames[0] : null;
    }

    /// <summary><c>File "/app/shop/orders.py", line 42, in checkout</c></summary>
    static StackFrame? Python(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("File \"")) return null;
        var end = text[6..].IndexOf('"');
        if (end < 0) return null;
        var rest = text[(6 + end + 1)..];
        if (!rest.StartsWith(", line ")) return null;
        rest = rest[7..];
        var comma = rest.IndexOf(", in ");
        return Frame(comma < 0 ? "" : rest[(comma + 5)..].ToString(), text.Slice(6, end).ToString(), Number(comma < 0 ? rest : rest[..comma]));
    }

    /// <summary>.NET, Java and Node.js, by what stands behind the function.</summary>
    static StackFrame? At(ReadOnlySpan<char> text)
    {
        if (text.IndexOf(" in ") is var inFile and > 0 && text.LastIndexOf(":line ") is var line && line > inFile)
            return Frame(DotNetFunction(text[..inFile]), text[(inFile + 4)..line].ToString(), Number(text[(line + 6)..]));
        if (text.StartsWith("async ")) text = text[6..];
        if (text.Length > 0 && text[^1] == ')' && text.LastIndexOf('(') is var open and >= 0)
        {
            var inside = text[(open + 1)..^1];
            if (ScriptPlace(inside) is { } place) return Frame(ScriptFunction(text[..open].Trim()), place.File, place.Line);
            if (inside.SequenceEqual("Native Method") || inside.SequenceEqual("Unknown Source") || inside.SequenceEqual("<generated>") || inside.Contains(".java", StringComparison.Ordinal) || inside.Contains(".kt", StringComparison.Ordinal) || inside.Contains(".scala", StringComparison.Ordinal) || inside.Contains(".groovy", StringComparison.Ordinal))
                return Java(text[..open], inside);
            if (inside.SequenceEqual("<anonymous>")) return Frame(ScriptFunction(text[..open].Trim()), "<anonymous>", 0);
            return Frame(DotNetFunction(text), "", 0);
        }
        return ScriptPlace(text) is { } bare ? Frame("", bare.File, bare.Line) : null;
    }

    static StackFrame Java(ReadOnlySpan<char> function, ReadOnlySpan<char> place)
    {
        if (function.LastIndexOf('/') is var module and >= 0) function = function[(module + 1)..]; // java.base/java.util…, app//com.shop…
        var name = function.ToString();
        if (name.IndexOf("lambda$", StringComparison.Ordinal) is var lambda and >= 0) name = name[..lambda] + name[(lambda + 7)..].Split('$')[0];
        var dot = name.LastIndexOf('.');
        if (dot > 0 && name[..dot].IndexOf("$$", StringComparison.Ordinal) is var made and > 0) name = name[..made] + name[dot..]; // Proxies carry a number.
        var colon = place.LastIndexOf(':');
        return Frame(name, colon < 0 ? place.ToString() : place[..colon].ToString(), colon < 0 ? 0 : Number(place[(colon + 1)..]));
    }

    /// <summary>Without parameters; <c>Orders.&lt;CheckoutAsync&gt;d__3.MoveNext</c> and <c>&lt;&gt;c__DisplayClass4_0.&lt;Handle&gt;b__0</c> are what the compiler made of CheckoutAsync and Handle.</summary>
    static string DotNetFunction(ReadOnlySpan<char> text)
    {
        var open = text.IndexOf('(');
        var name = (open < 0 ? text : text[..open]).Trim().ToString();
        if (name.EndsWith(".MoveNext", StringComparison.Ordinal)) name = name[..^9];
        if (name.IndexOf("<>c", StringComparison.Ordinal) is var closure and >= 0 && name.IndexOf('.', closure) is var after and > 0) name = name[..closure] + name[(after + 1)..];
        if (name.IndexOf(".<", StringComparison.Ordinal) is var made and >= 0 && name.IndexOf('>', made) is var end && end > made + 2)
        {
            var written = name[(made + 2)..end];
            name = name[..(made + 1)] + written.TrimStart('<');
        }
        return name.Split('[')[0];
    }

    static string ScriptFunction(ReadOnlySpan<char> text)
    {
        if (text.StartsWith("new ")) text = text[4..];
        if (text.IndexOf(" [as ") is var alias and > 0) text = text[..alias];
        return text.SequenceEqual("<anonymous>") || text.SequenceEqual("Object.<anonymous>") ? "" : text.ToString();
    }

    /// <summary><c>/app/src/orders.js:42:13</c>, <c>file:///app/x.mjs:1:2</c>, <c>node:internal/process:95:5</c></summary>
    static (string File, int Line)? ScriptPlace(ReadOnlySpan<char> text)
    {
        var column = text.LastIndexOf(':');
        if (column <= 0 || Number(text[(column + 1)..]) <= 0) return null;
        var line = text[..column].LastIndexOf(':');
        if (line <= 0 || Number(text[(line + 1)..column]) <= 0) return null;
        var file = text[..line];
        return ((file.StartsWith("file://") ? file[7..] : file).ToString(), Number(text[(line + 1)..column]));
    }

    /// <summary><c>#0 /app/src/Order.php(42): App\Order-&gt;checkout()</c></summary>
    static StackFrame? Php(ReadOnlySpan<char> text)
    {
        if (text[0] != '#' || text.IndexOf(' ') is not (var space and > 0) || Number(text[1..space]) < 0 || text.IndexOf(": ") is not (var colon and > 0)) return null;
        var place = text[(space + 1)..colon];
        var function = text[(colon + 2)..];
        if (function.IndexOf('(') is var open and > 0) function = function[..open];
        if (place.SequenceEqual("[internal function]")) return Frame(function.ToString(), place.ToString(), 0);
        var bracket = place.LastIndexOf('(');
        return bracket <= 0 || place[^1] != ')' ? null : Frame(function.ToString(), place[..bracket].ToString(), Number(place[(bracket + 1)..^1]));
    }

    /// <summary><c>/app/models/order.rb:42:in `checkout'</c>, since Ruby 3.4 <c>in 'Order#checkout'</c></summary>
    static StackFrame? Ruby(ReadOnlySpan<char> text)
    {
        if (text.StartsWith("from ")) text = text[5..];
        var mark = text.IndexOf(":in ");
        if (mark <= 0) return null;
        var colon = text[..mark].LastIndexOf(':');
        if (colon <= 0 || Number(text[(colon + 1)..mark]) < 0) return null;
        var function = text[(mark + 4)..].Trim("`'");
        if (function.LastIndexOf(" in ") is var block and > 0) function = function[(block + 4)..]; // "block in checkout"
        return Frame(function.ToString(), text[..colon].ToString(), Number(text[(colon + 1)..mark]));
    }

    /// <summary><c>main.(*Cart).checkout(0xc000…)</c>, or without arguments; the next line says where.</summary>
    static string? GoFunction(ReadOnlySpan<char> text)
    {
        if (text.Contains(' ') && !text.StartsWith("created by ")) return text.Contains('(') && text[..text.IndexOf('(')].IndexOf(' ') < 0 ? Cut(text) : null;
        if (text.StartsWith("created by "))
        {
            text = text[11..];
            if (text.IndexOf(" in goroutine") is var end and > 0) text = text[..end];
        }
        return Cut(text);

        static string Cut(ReadOnlySpan<char> name)
        {
            // The arguments are the last bracket; (*Cart) is a receiver.
            if (name[^1] == ')' && name.LastIndexOf('(') is var open and > 0) name = name[..open];
            return name.ToString();
        }
    }

    static (string File, int Line)? GoPlace(ReadOnlySpan<char> text)
    {
        if (text.IndexOf(" +0x") is var offset and > 0) text = text[..offset];
        var colon = text.LastIndexOf(':');
        return colon > 0 && Number(text[(colon + 1)..]) > 0 ? (text[..colon].ToString(), Number(text[(colon + 1)..])) : null;
    }

    static StackFrame Frame(string function, string file, int line) => new(function, file, line, IsLibrary(function, file));

    static bool IsLibrary(string function, string file)
    {
        // Names first: paths are longer to look through, and there are a hundred names.
        if (function.Length > 0 && LibraryNamesByInitial.TryGetValue(function[0], out var names))
            foreach (var name in names)
                if (function.StartsWith(name, StringComparison.Ordinal)) return true;
        if (file.Length == 0) return false;
        foreach (var path in LibraryPaths)
            if (file.Contains(path, StringComparison.Ordinal)) return true;
        return false;
    }

    /// <summary>-1 when it is no number.</summary>
    static int Number(ReadOnlySpan<char> text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}

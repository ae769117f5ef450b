using System.Globalization;
using Apm.Core.Time;
using Apm.Query.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Tempo;

/// <summary>The parameters that Tempo's endpoints share.</summary>
static class TempoRequest
{
    /// <summary>Traces given when no limit is asked for; Tempo's own default.</summary>
    public const int DefaultLimit = 20;

    /// <summary>Most traces given; default 200. A larger limit is taken as this.</summary>
    public const int MaxLimit = 200;

    /// <summary>Spans given per set when <c>spss</c> is not given; Tempo's own default.</summary>
    public const int DefaultSpansPerSet = 3;

    /// <summary>Most spans given per set; default 100. A larger <c>spss</c> is taken as this.</summary>
    public const int MaxSpansPerSet = 100;

    /// <summary>Most tags or values given; default 1000. A larger limit is taken as this.</summary>
    public const int MaxTags = 1000;

    /// <summary>Length of the range when no start is given: one hour.</summary>
    public const long DefaultLookbackNanos = 3600 * UnixTime.NanosPerSecond;

    /// <summary><c>start</c> and <c>end</c> (Unix seconds or nanoseconds, or RFC 3339) or <c>since</c>; the end is included.</summary>
    /// <exception cref="RefusedException">A parameter is wrong.</exception>
    public static TimeRange RangeOf(HttpContext http)
    {
        var query = http.Request.Query;
        var now = http.RequestServices.GetRequiredService<TimeProvider>().NowUnixNanos();
        var end = Time(query, "end") ?? now;
        var start = Time(query, "start") ?? Math.Max(0, end - (Duration(query, "since") ?? DefaultLookbackNanos));
        if (end <= start) throw new RefusedException("end must be later than start; both are Unix seconds");
        return new TimeRange(start, end == long.MaxValue ? end : end + 1);
    }

    /// <summary>A duration such as <c>100ms</c>; null when the parameter is not there. A number alone is seconds.</summary>
    public static long? Duration(IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return null;
        if (DurationText.TryParse(text, out var nanos)) return nanos;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 9e9 ? (long)(seconds * UnixTime.NanosPerSecond)
            : throw new RefusedException($"invalid {name}: \"{text}\" is not a duration; write for example 100ms, 15s, 1h");
    }

    /// <summary>A number above 0, cut to the largest; the default when the parameter is not there.</summary>
    public static int Whole(IQueryCollection query, string name, int ifAbsent, int largest)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return ifAbsent;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? Math.Min(number, largest)
            : throw new RefusedException($"invalid {name}: \"{text}\" is not a number above 0");
    }

    static long? Time(IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return null;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue)
            return number >= 1e15m ? (long)number : (long)(number * UnixTime.NanosPerSecond > long.MaxValue ? long.MaxValue : number * UnixTime.NanosPerSecond);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUnixNanos()
            : throw new RefusedException($"invalid {name}: \"{text}\" is not a time in Unix seconds");
    }
}

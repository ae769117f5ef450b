using System.Net;
using System.Text.RegularExpressions;
using Apm.Core.Time;

namespace Apm.Cli.Tests.Doctor;

/// <summary>Screens that find nothing say why, over HTTP: another environment, another time, a clock that is off.</summary>
public sealed partial class EmptyScreensTests : IAsyncLifetime
{
    const long Minute = 60 * UnixTime.NanosPerSecond;

    DoctorRig _rig = null!;

    public async Task InitializeAsync() => _rig = await DoctorRig.Start();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    static long Now => TimeProvider.System.NowUnixNanos();

    [Theory]
    [InlineData("/traces?env=prod", "2 traces exist for env:dev; you are looking at env:prod, which has none.", "/traces?env=dev")]
    [InlineData("/traces?q=service:shop+env:prod", "2 traces exist for env:dev; you are looking at env:prod, which has none.", "/traces?q=service:shop&env=dev")]
    [InlineData("/services?env=prod", "1 service exists for env:dev; you are looking at env:prod, which has none.", "/services?env=dev")]
    public async Task TD12_another_environment_has_some(string url, string sentence, string there)
    {
        await _rig.Send(Span("shop", Now - Minute), Span("shop", Now - 2 * Minute));

        var page = await Page(url);

        Assert.Equal(("TD12", sentence, there), Said(page));
    }

    [Theory]
    [InlineData("/traces?from=now-15m", "The last of the traces is 3 h old, and the window shows 15 min.")]
    [InlineData("/traces?from=now-15m&q=service:shop", "The last of the traces is 3 h old, and the window shows 15 min.")]
    public async Task TD13_what_is_looked_for_is_older_than_the_window(string url, string sentence)
    {
        await _rig.Send(Span("shop", Now - 181 * Minute));

        var page = await Page(url);

        Assert.Equal(("TD13", sentence), (Said(page).Code, Said(page).Sentence));
        Assert.Contains("\"/traces/", await Page(Button(page, "Show the past 4 h")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD13_on_services_that_nobody_called_in_this_time()
    {
        await _rig.Send(Span("shop", Now - 2 * Minute));
        var yesterday = Now / UnixTime.NanosPerMillisecond - 86_400_000;

        var (code, sentence, there) = Said(await Page($"/services?from={yesterday}&to={yesterday + 900_000}"));

        Assert.Equal(("TD13", "/services"), (code, there));
        Assert.Matches(@"^The last of the requests is (120 s|2 min) old, and the window shows \d+ \w+ \d\d:\d\d – .* UTC\.$", sentence);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(-180)]
    public async Task TD11_what_arrived_recently_is_found_where_its_clock_put_it(int minutes)
    {
        await _rig.Tell("r", "shop", 7, "elsewhere");
        await _rig.Send(Span("shop", Now + minutes * Minute + Math.Sign(minutes) * 20 * UnixTime.NanosPerSecond, "r"));

        var arrived = Assert.Single((await _rig.Report()).GetProperty("arrived").EnumerateArray());
        Assert.Equal(("shop", "GET /", true), (arrived.GetProperty("service").GetString(), arrived.GetProperty("resource").GetString(), arrived.GetProperty("out_of_time").GetBoolean()));
        var skewMinutes = (arrived.GetProperty("start_unix_nanos").GetInt64() - arrived.GetProperty("received_unix_nanos").GetInt64()) / (double)Minute;
        Assert.InRange(skewMinutes, minutes - 1, minutes + 1);
        foreach (var url in new[] { "/traces?from=now-15m", "/traces?from=now-15m&q=service:shop" })
        {
            var (code, sentence, there) = Said(await Page(url));

            Assert.Equal("TD11", code);
            Assert.StartsWith($"Spans of shop (python, pid 7) arrive {(minutes > 0 ? "20 min in the future: the clock of elsewhere is ahead of" : "3 h in the past: the clock of elsewhere is behind")} this machine's.", sentence, StringComparison.Ordinal);
            Assert.Contains("\"/traces/", await Page(there), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_lies_in_the_future_is_found_without_a_word_of_its_tracer()
    {
        await _rig.Send(Span("shop", Now + 20 * Minute + 20 * UnixTime.NanosPerSecond));

        var page = await Page("/traces");

        Assert.Equal(("TD13", "The newest of the traces lie 20 min in the future, outside of the 15 min shown: the clock of their host is ahead."), (Said(page).Code, Said(page).Sentence));
        Assert.Matches("The newest of 1 stored span started [^<]*, 20 min( \\d+ s)? from now: the clock of its host is ahead\\.", page);
        Assert.Contains("\"/traces/", await Page(Primary().Match(page).Groups[1].Value), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TD32_a_screen_that_says_itself_which_condition_leaves_nothing_is_not_repeated()
    {
        await _rig.Send(Span("shop", Now - Minute));

        var page = await Page("/traces?q=service:shop+status:error");

        Assert.Contains("No trace matches; without status:error there is 1.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("data-verdict", page, StringComparison.Ordinal);
    }

    static object Span(string service, long startUnixNanos, string runtimeId = "") => new
    {
        trace_id = (ulong)Random.Shared.NextInt64(1, long.MaxValue), span_id = 1, parent_id = 0, service, name = "web.request", resource = "GET /", type = "web", start = startUnixNanos, duration = 1_000_000,
        meta = new Dictionary<string, string> { ["env"] = "dev", ["runtime-id"] = runtimeId }, metrics = new Dictionary<string, double>(),
    };

    async Task<string> Page(string url) => WebUtility.HtmlDecode(await _rig.Http.GetStringAsync(new Uri(_rig.Ui, url)));

    /// <summary>The doctor's line of a page, with the address of its button; "" for each that is not there.</summary>
    static (string Code, string Sentence, string There) Said(string page)
    {
        var line = Line().Match(page);
        return (line.Groups[1].Value, line.Groups[2].Value, There().Match(line.Value).Groups[1].Value);
    }

    static string Button(string page, string text) => Regex.Match(page, $"href=\"([^\"]*)\">{Regex.Escape(text)}").Groups[1].Value;

    [GeneratedRegex("data-verdict=\"(\\w+)\".*?<span>(.*?)</span>.*?How this was found", RegexOptions.Singleline)]
    private static partial Regex Line();

    [GeneratedRegex("class=\"btn primary\" href=\"(/traces\\?from=.*?)\">")]
    private static partial Regex Primary();

    [GeneratedRegex("href=\"(.*?)\">Show them<")]
    private static partial Regex There();
}

using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.Core.Time;
using Apm.TestKit;
using Microsoft.Playwright;
using MimeKit;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary>
/// The walkthrough from end to end (metrics-monitors §1), with the bodies that a client of its time sent: a metric, four boards, five minutes of a graph
/// by mail, a monitor through all its states, and quiet nights and weekends over a change of the clocks. Mails go through a real mail server.
/// </summary>
[Collection(OneAfterTheOther.Name)]
public sealed partial class WalkthroughTests(BrowserFixture browser)
{
    const string CheckFile = "checks.d/my_metric.py", CheckSettings = "conf.d/my_metric.yaml";

    /// <summary>What the walkthrough wrote first: three instances instead of one.</summary>
    const string ThreeInstances = "init_config:\ninstances:\n    - username: <$username>\n    - password: <$password>\n    - min_collection_interval: 45\n";

    /// <summary>What it meant.</summary>
    const string OneInstance = "init_config:\ninstances:\n    - min_collection_interval: 45\n";

    const string Client = "py-datadogpy-0.26.0/";

    /// <summary>A Friday afternoon in New York; in the night to Sunday its clocks go back.</summary>
    static readonly DateTimeOffset Friday = new(2024, 11, 1, 14, 20, 10, TimeSpan.FromHours(-4));

    static readonly string Owner = Address().Match(System.Text.Encoding.UTF8.GetString(Fixtures.Bytes(Client + "020.bin"))).Groups[1].Value;

    [Fact]
    public async Task The_whole_walkthrough()
    {
        await using var apm = await SteppedApm.Start(Friday, "my-host", (CheckFile, CheckOf(380, 420)), (CheckSettings, ThreeInstances));
        await apm.Send("/api/v1/tags/hosts/my-host", """{"tags":["name:logan","applying_for:solutions_engineer"]}""");
        await OneCheckEvery45Seconds(apm);
        await apm.Gauge("mysql.net.connections", "my-host", apm.Now - 3000, apm.Now, at => at > apm.Now - 600 && at < apm.Now - 560 ? 90 : 10 + at / 15 % 3, every: 15);

        var board = await FourBoards(apm);
        await browser.Use(apm.Ui, nameof(The_whole_walkthrough), page => ShareFiveMinutes(page, board));
        IsTheSnapshot((await apm.Mails(1))[0]);

        var monitor = (await apm.Send("/api/v1/monitor", Fixtures.Bytes(Client + "020.bin"))).GetProperty("id").GetInt64();
        await MonitorLives(apm);
        await apm.Write(CheckSettings, null); // Days are jumped over, and a check runs only in time that passes: from here on its values come by the API.
        await NightsAndWeekends(apm, monitor);

        await apm.Trace([Some.Span() with { StartUnixNanos = apm.Clock.NowUnixNanos() }]);
        var left = "";
        await Until.True("each step of the tutorial is done", TimeSpan.FromSeconds(20), async () =>
            (left = string.Join(' ', (await apm.Json("/api/tutorial")).GetProperty("steps").EnumerateArray().Where(step => !step.GetProperty("done").GetBoolean()).Select(step => step.GetProperty("id").GetString()))).Length == 0, () => $"left: {left}");
        Assert.DoesNotContain("Put the tutorial away", await apm.Page("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_endpoint_warns_and_alerts_by_mail()
    {
        await using var apm = await SteppedApm.Start(Friday, "my-host");
        await apm.Send("/api/v1/monitor", """
            {"type":"query alert","query":"avg(last_5m):p95:trace.flask.request{service:web,resource_name:get_/slow} > 1","name":"Slow is slow","message":"{{#is_alert}}Too slow: {{value}} s{{/is_alert}}{{#is_warning}}Getting slow{{/is_warning}} @oncall@example.com",
             "options":{"thresholds":{"critical":1,"warning":0.5}}}
            """);
        var id = 1000UL;
        async Task Requests(int minutes, int milliseconds)
        {
            for (var i = 0; i < minutes; i++)
            {
                var at = apm.Clock.NowUnixNanos() - 20 * Some.Second;
                await apm.Trace([.. Enumerable.Range(0, 4).Select(n => new[] { Some.Span(id: ++id, trace: id, resource: n == 0 ? "GET /" : "GET /slow", durationNanos: (n == 0 ? 5 : milliseconds) * Some.Millisecond) with { StartUnixNanos = at + n * Some.Second } })]);
                await apm.Pass();
            }
        }

        await Requests(6, 100);
        await Requests(5, 700);
        await Requests(5, 2000);

        var mails = await apm.Mails(2);
        Assert.Equal(["[Monitor Alert] Warn: Slow is slow", "[Monitor Alert] Triggered: Slow is slow"], mails.Select(mail => mail.Subject));
        Assert.Contains("Getting slow", mails[0].TextBody, StringComparison.Ordinal);
        Assert.DoesNotContain("Too slow", mails[0].TextBody, StringComparison.Ordinal);
        Assert.Matches(@"Too slow: 1\.\d+ s", mails[1].TextBody);
        Assert.All(mails, HasPicture);

        // The link of the alert leads to the requests it is about, and to no others.
        var link = Regex.Match(mails[1].TextBody ?? "", @"http\S+/traces\?\S+").Value;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var shown = await http.GetStringAsync(new Uri(apm.Ui, new Uri(link).PathAndQuery));
        Assert.True(Regex.Count(shown, "<tr[^>]*data-trace=") >= 6, $"{link} shows\n{shown}");
        Assert.Contains("GET /slow", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(">GET /</", shown, StringComparison.Ordinal);
    }

    /// <summary>The walkthrough's check, with its tabs: a number by chance, here always the same ones.</summary>
    static string CheckOf(int least, int most) =>
        $"from checks import AgentCheck\nimport random\n\nrandom.seed(45)\n\nclass CustomCheck(AgentCheck):\n\tdef check(self, instance):\n\t\tself.gauge('my_metric', random.randint({least},{most}))\n";

    /// <summary>Three instances come too often, which the host's page says with what was meant; written so, a value comes every 45 s.</summary>
    static async Task OneCheckEvery45Seconds(SteppedApm apm)
    {
        await apm.Run(3);
        Assert.Contains("3 instances of my_metric: 2 run every 15 s", await apm.Page("/hosts/my-host"), StringComparison.Ordinal);
        await apm.Write(CheckSettings, OneInstance);
        await apm.Run(40);
        Assert.DoesNotContain("3 instances of my_metric", await apm.Page("/hosts/my-host"), StringComparison.Ordinal);

        var steps = (await apm.Json("/api/tutorial")).GetProperty("steps").EnumerateArray().ToDictionary(step => step.GetProperty("id").GetString()!);
        Assert.All(["tag_seen", "check_seen", "metric_every_45_s"], id => Assert.True(steps[id].GetProperty("done").GetBoolean(), $"{id} is not ticked: {steps[id]}"));
        Assert.Contains("my_metric", steps["metric_every_45_s"].ToString(), StringComparison.Ordinal);
        Assert.All(await apm.Points("avg:my_metric{name:logan}", 1800), point => Assert.InRange(point, 380, 420));
    }

    /// <summary>Makes the four timeboards by the old call; gives the last, of three graphs.</summary>
    static async Task<string> FourBoards(SteppedApm apm)
    {
        var made = new List<JsonElement>();
        foreach (var body in new[] { "008", "009", "010", "011" }) made.Add((await apm.Send("/api/v1/dash", Fixtures.Bytes($"{Client}{body}.bin"))).GetProperty("dash"));
        Assert.Equal([1, 1, 1, 3], made.Select(dash => dash.GetProperty("graphs").GetArrayLength()));
        Assert.All(made, dash => Assert.True(dash.GetProperty("read_only").GetBoolean()));
        return made[^1].GetProperty("new_id").GetString()!;
    }

    /// <summary>What a person does: drags over five minutes, presses the camera, writes a comment, and goes back by the link.</summary>
    static async Task ShareFiveMinutes(IPage page, string board)
    {
        await page.GotoAsync($"/dashboards/{board}?from=now-30m");
        var graph = page.Locator("apm-chart[label='Custom Metric over Host']");
        await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(3);
        var box = (await graph.Locator(".u-over").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + box.Width / 2, box.Y + 40);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + box.Width / 2 + box.Width / 6, box.Y + 40, new() { Steps = 6 });
        await page.Mouse.UpAsync();
        await page.WaitForFunctionAsync("() => { const all = [...document.querySelectorAll('apm-chart')].filter(c => c.dataset.state !== 'loading').map(c => c.inspect()); return all.length === 3 && all.every(c => Math.abs(c.to - c.from - 300000) < 30000); }");

        await graph.Locator("button.camera").ClickAsync();
        await Expect(page.GetByAltText("The picture that is sent: Custom Metric over Host")).ToBeVisibleAsync();
        await page.GetByLabel("Comment").FillAsync("@user@example.com ANOMALIES INBOUND~");
        await page.EvaluateAsync("Blazor.navigateTo(location.href, { replaceHistoryEntry: true })"); // As when a poll's answer comes now: the form stays.
        await page.GetByRole(AriaRole.Button, new() { Name = "Take and send" }).ClickAsync();

        var picture = page.Locator(".snapshot-page img");
        await Expect(picture).ToBeVisibleAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('.snapshot-page img').naturalWidth === 1200");
        await Expect(page.Locator(".snapshot-page")).ToContainTextAsync("ANOMALIES INBOUND~");
        await Expect(page.Locator(".snapshot-page")).ToContainTextAsync("avg:my_metric{*}");
        Assert.Empty(await Axe.Serious(page));
        await page.GetByRole(AriaRole.Link, new() { Name = "View in dashboard" }).ClickAsync();
        await page.WaitForFunctionAsync("() => { const chart = document.querySelector(\"apm-chart[label='Custom Metric over Host']\"); return chart?.dataset.state === 'ready' && Math.abs(chart.inspect().to - chart.inspect().from - 300000) < 30000; }");
    }

    static void IsTheSnapshot(MimeMessage mail)
    {
        Assert.Equal("user@localhost mentioned you: Custom Metric over Host", mail.Subject);
        Assert.Equal("user@example.com", mail.To.Mailboxes.Single().Address);
        Assert.Contains("@user@example.com ANOMALIES INBOUND~", mail.TextBody, StringComparison.Ordinal);
        Assert.Matches(@"View in dashboard: http://localhost:\d+/dashboards/\S+from=\d{13}&to=\d{13}", mail.TextBody);
        HasPicture(mail);
    }

    /// <summary>The check is changed while it runs. Warn, alert (at values from 800 to 1000), warn, recovery, no data, recovery: each with its own block of the message, and no other.</summary>
    static async Task MonitorLives(SteppedApm apm)
    {
        await apm.Run(2);
        await apm.Write(CheckFile, CheckOf(580, 620));
        await apm.Run(6);
        await apm.Write(CheckFile, CheckOf(800, 1000));
        await apm.Run(6);
        await apm.Write(CheckFile, CheckOf(280, 320));
        await apm.Run(7);
        await apm.Write(CheckSettings, null);
        await apm.Run(12);
        await apm.Write(CheckSettings, OneInstance);
        await apm.Run(7); // The rule wants a whole window.

        var told = (await apm.Mails(7)).Skip(1).ToList();
        Assert.Equal(["Warn", "Triggered", "Warn", "Recovered", "No data", "Recovered"], told.Select(KindOf));
        Assert.All(told, mail => Assert.Equal(Owner, mail.To.Mailboxes.Single().Address));
        string[] blocks = ["Keep it cool, this is just a warning", "ALErt! ALERTTT!", "Nothing has happened in the past 10 minutes."];
        foreach (var mail in told)
        {
            Assert.Contains("HEY! YOU!! THERE'S A PROBLEM WITH", mail.TextBody, StringComparison.Ordinal);
            var own = KindOf(mail) switch { "Warn" => blocks[0], "Triggered" => blocks[1], "No data" => blocks[2], _ => "" };
            Assert.Equal(own.Length > 0 ? [own] : [], blocks.Where(block => mail.TextBody!.Contains(block, StringComparison.Ordinal)));
            HasPicture(mail);
        }
        Assert.InRange(ValueIn(told[0]), 500.1, 620);
        Assert.InRange(ValueIn(told[1]), 800.1, 1000);
    }

    /// <summary>Both downtimes: their notices come, no alert comes inside them, and one that lasts is told when the last of them ends by the clocks of New York.</summary>
    static async Task NightsAndWeekends(SteppedApm apm, long monitor)
    {
        var before = (await apm.Mails(7)).Count;
        await apm.Send("/api/v1/downtime", $$$"""{"monitor_id":{{{monitor}}},"scope":"*","timezone":"America/New_York","message":"quiet nights @user@example.com","start":1730502000,"end":1730552400,"recurrence":{"type":"weeks","period":1,"week_days":["Mon","Tue","Wed","Thu","Fri"]}}""");
        await apm.Send("/api/v1/downtime", $$$"""{"monitor_id":{{{monitor}}},"scope":"*","timezone":"America/New_York","message":"weekend @user@example.com","start":1730520000,"end":1730606400,"recurrence":{"type":"weeks","period":1,"week_days":["Sat","Sun"]}}""");
        await apm.Sleep(5, 300); // Friday 20:00: the night has begun at 19:00.
        await apm.Sleep(53, 950); // Monday 00:00. Sunday was an hour longer than other days.
        await apm.Sleep(20, 300); // Monday 20:00. No downtime covers its first hours.
        await apm.Sleep(13, 950); // Tuesday 09:00.
        await apm.Sleep(1, 300);

        var mails = (await apm.Mails(before + 14)).Skip(before).OrderBy(mail => mail.Date).ThenBy(KindOf, StringComparer.Ordinal).ThenBy(Which, StringComparer.Ordinal);
        Assert.Equal(
            """
            Fri 15:43 Scheduled night
            Fri 15:43 Scheduled weekend
            Fri 19:00 Started night
            Sat 00:00 Started weekend
            Sat 09:00 Ended night
            Sun 00:00 Ended weekend
            Sun 00:00 Started weekend
            Mon 00:00 Ended weekend
            Mon 00:00 Triggered
            Mon 01:00 Recovered
            Mon 19:00 Started night
            Tue 09:00 Ended night
            Tue 09:00 Triggered
            Tue 10:00 Recovered
            """, string.Join('\n', mails.Select(mail => $"{InNewYork(mail.Date)} {KindOf(mail)}{Which(mail)}")));
    }

    static string Which(MimeMessage mail) => mail.TextBody!.Contains("quiet nights", StringComparison.Ordinal) ? " night" : mail.TextBody.Contains("weekend", StringComparison.Ordinal) ? " weekend" : "";

    static string InNewYork(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById("America/New_York")).ToString("ddd HH:mm", CultureInfo.InvariantCulture);

    static string KindOf(MimeMessage mail) => Kind().Match(mail.Subject!).Groups[1].Value;

    static double ValueIn(MimeMessage mail) => double.Parse(Regex.Match(mail.TextBody!, @"Current metric value: ([\d.]+)").Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>The page of the mail shows a picture that is within the mail.</summary>
    static void HasPicture(MimeMessage mail)
    {
        var picture = Assert.Single(mail.BodyParts.OfType<MimePart>(), part => part.ContentType.IsMimeType("image", "png"));
        using var png = new MemoryStream();
        picture.Content!.DecodeTo(png);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], png.ToArray()[..4]);
        Assert.True(png.Length > 4_000, $"a picture of {png.Length} bytes shows nothing");
        Assert.Contains($"cid:{picture.ContentId}", mail.HtmlBody, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\[(?:Monitor Alert|Downtime)\] ([\w ]+):")]
    private static partial Regex Kind();

    [GeneratedRegex(@"@([\w.]+@[\w.]+)")]
    private static partial Regex Address();
}

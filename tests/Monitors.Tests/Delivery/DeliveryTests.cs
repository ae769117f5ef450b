using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;
using Apm.Storage.InMemory;
using Apm.TestKit;

namespace Apm.Monitors.Tests.Delivery;

public sealed class DeliveryTests : IAsyncDisposable
{
    readonly SteppedClock _clock = new(DateTimeOffset.FromUnixTimeSeconds(SomeAlert.Now));
    readonly InMemoryDocumentStore _documents = new();
    readonly Counters _counters = new();
    readonly RecentProblems _problems = new();
    readonly SmtpSink _smtp = new();

    sealed class OnePicture : IChartPictures
    {
        public byte[]? Png { get; init; }

        public byte[]? DrawPng(AlertChart chart, CancellationToken cancel) => Png;

        public byte[]? KeptPng(string snapshotId) => Png is null ? null : [.. Png, .. System.Text.Encoding.ASCII.GetBytes(snapshotId)];
    }

    DeliverySettings Settings => new() { Smtp = new SmtpSettings { Host = "127.0.0.1", Port = _smtp.Port, From = "Apm <apm@example.com>" } };

    Outbox OpenOutbox() => new(_documents, MemoryBudget.None(), _counters, _problems, _clock);

    Courier CourierOf(Outbox outbox, IMessenger messenger) => new(outbox, messenger, new BackOff(new Random(1)), _problems, _clock);

    SmtpMessenger Smtp(DeliverySettings? settings = null, byte[]? png = null) => new(settings ?? Settings, new OnePicture { Png = png });

    Apm.Monitors.Delivery.Delivery Mail(string id = "m1", string to = "user@example.com", bool hasChart = false) => new()
    {
        Id = id, Channel = DeliveryChannel.Mail, Target = to, Subject = "Läuft über", Plain = "plain text", Html = "<p>page</p>" + MailPage.ChartMark, Url = "http://localhost/monitors/1", Thread = "alert.t",
        Chart = hasChart ? new AlertChart(SomeAlert.Rule(), [], 0, 60) : null, MonitorId = 9001, CreatedUnixMillis = SomeAlert.Now * 1000, NextAttemptUnixMillis = SomeAlert.Now * 1000,
    };

    static Apm.Monitors.Delivery.Delivery Hook(string target = "ops", DeliveryChannel channel = DeliveryChannel.Webhook, string id = "w1") => new()
    {
        Id = id, Channel = channel, Target = target, Subject = "[Triggered] My metric high", Plain = "p", Url = "http://localhost/monitors/1", Kind = "Triggered", About = "My metric high", CreatedUnixMillis = SomeAlert.Now * 1000, NextAttemptUnixMillis = SomeAlert.Now * 1000,
        Words = new Dictionary<string, string> { ["EVENT_TITLE"] = "[Triggered] \"My\" metric", ["EVENT_MSG"] = "line 1\nline 2 **x** [a](http://b)", ["ID"] = "7", ["EVENT_TYPE"] = "metric_alert_monitor", ["DATE"] = "1", ["LAST_UPDATED"] = "1", ["ORG_ID"] = "1", ["ORG_NAME"] = "Apm" },
    };

    public async ValueTask DisposeAsync() => await _smtp.DisposeAsync();

    [Fact]
    public async Task A_mail_about_a_snapshot_has_the_very_picture_that_is_kept()
    {
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp(png: [0x89, 0x50, 0x4E, 0x47]));
        outbox.Post(Mail() with { SnapshotId = "kept-1" });
        await courier.DeliverDue();
        Assert.Contains(Convert.ToBase64String([0x89, 0x50, 0x4E, 0x47, .. "kept-1"u8]), Assert.Single(_smtp.Mails).Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls", false)]
    [InlineData("starttls", true)]
    [InlineData("", true)]
    public async Task A_server_whose_certificate_nobody_here_trusts_gets_no_mail_and_the_outbox_says_why(string tls, bool isOnDemand)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=mail.example.com", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var sink = new SmtpSink { Certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null), IsEncryptedOnDemand = isOnDemand };
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp(Settings with { Smtp = Settings.Smtp with { Port = sink.Port, Tls = tls } }));
        outbox.Post(Mail());

        await courier.DeliverDue();

        var kept = Assert.Single(outbox.All());
        Assert.Equal(DeliveryState.Waiting, kept.State);
        Assert.Equal($"No encrypted connection to 127.0.0.1:{sink.Port} comes about: the certificate that it shows (for mail.example.com) is not trusted on this machine. Add its issuer to the system's certificates, or use smtp.tls: none on this machine.", kept.LastError);
        Assert.Empty(sink.Mails);
    }

    [Fact]
    public async Task A_port_without_encryption_that_is_to_have_some_is_said_to_be_the_wrong_one()
    {
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp(Settings with { Smtp = Settings.Smtp with { Tls = "tls" } }));
        outbox.Post(Mail());

        await courier.DeliverDue();

        Assert.StartsWith($"No encrypted connection to 127.0.0.1:{_smtp.Port} comes about: ", Assert.Single(outbox.All()).LastError, StringComparison.Ordinal);
        Assert.EndsWith(" Look at smtp.tls and smtp.port.", Assert.Single(outbox.All()).LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mails_go_over_one_connection_with_both_bodies_and_their_thread()
    {
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp(png: [0x89, 0x50, 0x4E, 0x47]));
        outbox.Post(Mail(hasChart: true));
        outbox.Post(Mail("m2", "other@example.com"));

        Assert.Equal(2, await courier.DeliverDue());

        Assert.Equal(1, _smtp.ConnectionCount);
        Assert.Equal(["user@example.com", "other@example.com"], _smtp.Mails.SelectMany(mail => mail.To).Order().Reverse());
        var mail = _smtp.Mails.Single(mail => mail.To[0] == "user@example.com");
        Assert.Equal("apm@example.com", mail.From);
        foreach (var part in new[] { "From: Apm <apm@example.com>", "Message-Id: <m1@example.com>", "In-Reply-To: <alert.t@example.com>", "References: <alert.t@example.com>", "Auto-Submitted: auto-generated", "X-Apm-Monitor: 9001", "Subject: =?utf-8?", "text/plain", "text/html", "image/png", "Content-Id: <chart.m1@example.com>", "cid:chart.m1" })
            Assert.Contains(part, mail.Data.Replace("=\n", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("image/png", _smtp.Mails.Single(mail => mail.To[0] == "other@example.com").Data, StringComparison.Ordinal);
        Assert.All(outbox.All(), delivery => Assert.Equal(DeliveryState.Sent, delivery.State));
        Assert.Equal(2, _counters.Read("deliveries_sent", "mail"));
    }

    [Fact]
    public async Task A_refused_receiver_is_given_up_and_one_that_is_busy_is_tried_again()
    {
        _smtp.Answer = command => command.StartsWith("RCPT TO:<gone@", StringComparison.Ordinal) ? "550 no such user" : command.StartsWith("RCPT TO:<busy@", StringComparison.Ordinal) && _clock.GetUtcNow().ToUnixTimeSeconds() == SomeAlert.Now ? "451 later" : null;
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp());
        outbox.Post(Mail("m1", "gone@example.com"));
        outbox.Post(Mail("m2", "busy@example.com"));
        outbox.Post(Mail("m3", "not an address"));

        await courier.DeliverDue();

        Assert.Equal((DeliveryState.Failed, "127.0.0.1 answered 550: no such user"), (outbox.Find("m1")!.State, outbox.Find("m1")!.LastError));
        Assert.Equal((DeliveryState.Waiting, "127.0.0.1 answered 451: later"), (outbox.Find("m2")!.State, outbox.Find("m2")!.LastError));
        Assert.Equal("\"not an address\" is no mail address.", outbox.Find("m3")!.LastError);

        _clock.Advance(TimeSpan.FromSeconds(10));
        await courier.DeliverDue();
        Assert.Equal(DeliveryState.Sent, outbox.Find("m2")!.State);
    }

    [Fact]
    public async Task A_server_that_is_down_is_left_alone_for_a_while_and_nothing_is_lost()
    {
        var port = _smtp.Port;
        await _smtp.DisposeAsync();
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp(new DeliverySettings { Smtp = new SmtpSettings { Host = "127.0.0.1", Port = port } }));
        outbox.Post(Mail());
        outbox.Post(Mail("m2"));

        Assert.Equal(1, await courier.DeliverDue());
        Assert.Equal(0, await courier.DeliverDue());
        Assert.StartsWith($"The mail server 127.0.0.1:{port} cannot be reached: ", outbox.Find("m1")!.LastError, StringComparison.Ordinal);
        Assert.All(outbox.All(), delivery => Assert.Equal(DeliveryState.Waiting, delivery.State));

        _clock.Advance(TimeSpan.FromHours(25));
        await courier.DeliverDue();
        Assert.StartsWith("Given up after 2 attempts.", outbox.Find("m1")!.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_takes_the_connection_and_says_nothing_is_given_up_after_its_time()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start(); // Connections are made by the system; nobody ever speaks.
        var port = ((IPEndPoint)mute.LocalEndpoint).Port;
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp(new DeliverySettings { Smtp = new SmtpSettings { Host = "127.0.0.1", Port = port, Timeout = TimeSpan.FromMilliseconds(200) } }));
        outbox.Post(Mail());

        await courier.DeliverDue();

        Assert.StartsWith($"The mail server 127.0.0.1:{port} cannot be reached: ", outbox.Find("m1")!.LastError, StringComparison.Ordinal);
        Assert.Equal(DeliveryState.Waiting, outbox.Find("m1")!.State);
    }

    [Fact]
    public async Task A_wrong_password_says_so()
    {
        await using var asking = new SmtpSink { Login = ("apm", "right") };
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp(new DeliverySettings { Smtp = new SmtpSettings { Host = "127.0.0.1", Port = asking.Port, User = "apm", Password = "wrong" } }));
        await using var knowing = CourierOf(outbox, Smtp(new DeliverySettings { Smtp = new SmtpSettings { Host = "127.0.0.1", Port = asking.Port, User = "apm", Password = "right" } }));
        outbox.Post(Mail());

        await courier.DeliverDue();
        Assert.StartsWith("127.0.0.1 does not take name and password of apm: ", outbox.Find("m1")!.LastError, StringComparison.Ordinal);

        await knowing.DeliverDue();
        Assert.Equal(DeliveryState.Sent, outbox.Find("m1")!.State);
    }

    [Fact]
    public async Task Without_a_mail_server_mails_are_kept_and_go_out_when_there_is_one()
    {
        var outbox = OpenOutbox();
        await using (var nowhere = CourierOf(outbox, Smtp(new DeliverySettings())))
        {
            outbox.Post(Mail());
            Assert.Equal(0, await nowhere.DeliverDue());
        }
        Assert.Equal((DeliveryState.Held, "There is no mail server in the settings, so this mail is kept here. Set smtp.host and smtp.from in apm.yaml (docs/notifications.md)."), (outbox.Find("m1")!.State, outbox.Find("m1")!.LastError));

        var after = OpenOutbox();
        after.Release([DeliveryChannel.Mail], TimeSpan.FromHours(24));
        Assert.Equal((DeliveryState.Waiting, ""), (after.Find("m1")!.State, after.Find("m1")!.LastError)); // What kept it is no longer so.
        await using var courier = CourierOf(after, Smtp());
        courier.Start();
        await Until.True("the mail is sent", TimeSpan.FromSeconds(30), () => Task.FromResult(after.Find("m1")!.State == DeliveryState.Sent));
        Assert.Single(_smtp.Mails);
    }

    [Fact]
    public async Task What_was_being_sent_when_the_process_ended_goes_out_once_more_under_the_same_name()
    {
        var before = OpenOutbox();
        before.Post(Mail());
        before.Post(Mail("m2"));
        Assert.NotNull(before.Begin("m1"));
        before.Sent(before.Begin("m2")!);

        var after = OpenOutbox();
        await using var courier = CourierOf(after, Smtp());
        Assert.Equal(1, await courier.DeliverDue());

        Assert.True(after.Find("m1")!.MayBeDoubled);
        Assert.False(after.Find("m2")!.MayBeDoubled);
        Assert.Contains("Message-Id: <m1@example.com>", Assert.Single(_smtp.Mails).Data, StringComparison.Ordinal);
        Assert.Equal(1, _counters.Read("deliveries_interrupted"));
        after.Post(Mail());
        Assert.Equal(0, await courier.DeliverDue());
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_tried_again()
    {
        var breaks = true;
        _smtp.Answer = command => breaks && command == "." ? "" : null;
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, Smtp());
        outbox.Post(Mail());

        await courier.DeliverDue();
        Assert.StartsWith($"The connection to 127.0.0.1:{_smtp.Port} broke off while the mail was sent: ", outbox.Find("m1")!.LastError, StringComparison.Ordinal);

        breaks = false;
        _clock.Advance(TimeSpan.FromSeconds(10));
        await courier.DeliverDue();
        Assert.Equal((DeliveryState.Sent, 2), (outbox.Find("m1")!.State, outbox.Find("m1")!.AttemptCount));
    }

    [Fact]
    public async Task A_webhook_fills_its_template_in_and_tries_five_times()
    {
        await using var sink = new HttpSink { Status = count => count < 3 ? "503 busy" : "204 No Content" };
        var outbox = OpenOutbox();
        var target = new WebhookTarget(sink.Url()) { Headers = new Dictionary<string, string> { ["X-Token"] = "t" } };
        await using var courier = CourierOf(outbox, new WebhookMessenger(new DeliverySettings { Webhooks = new Dictionary<string, WebhookTarget> { ["Ops"] = target } }));
        outbox.Post(Hook());

        for (var i = 0; i < 3; i++)
        {
            await courier.DeliverDue();
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(DeliveryState.Sent, outbox.Find("w1")!.State);
        Assert.Equal(3, sink.Requests.Count);
        Assert.All(sink.Requests, request => Assert.Equal(("w1", "t"), (request.Headers["Idempotency-Key"], request.Headers["X-Token"])));
        Assert.Equal("""{"body":"line 1\nline 2 **x** [a](http://b)","last_updated":"1","event_type":"metric_alert_monitor","title":"[Triggered] \"My\" metric","date":"1","org":{"id":"1","name":"Apm"},"id":"7"}""", sink.Requests[0].Body);
    }

    [Theory]
    [InlineData("503 busy", 5, "Given up after 5 attempts. 127.0.0.1 answered 503.")]
    [InlineData("404 gone", 1, "127.0.0.1 answered 404.")]
    [InlineData("302 Found", 1, "127.0.0.1 answered 302, a redirect; webhooks follow none. Write the address that it leads to into the settings.")]
    public async Task A_webhook_that_is_not_taken_is_given_up(string status, int attempts, string why)
    {
        await using var sink = new HttpSink { Status = _ => status };
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, new WebhookMessenger(new DeliverySettings { Webhooks = new Dictionary<string, WebhookTarget> { ["ops"] = new(sink.Url()) } }));
        outbox.Post(Hook());

        while (await courier.DeliverDue() > 0) _clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal((DeliveryState.Failed, attempts, why), (outbox.Find("w1")!.State, sink.Requests.Count, outbox.Find("w1")!.LastError));
    }

    [Fact]
    public async Task A_name_that_is_not_in_the_settings_says_which_are()
    {
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, new WebhookMessenger(new DeliverySettings { Webhooks = new Dictionary<string, WebhookTarget> { ["ops"] = new(new Uri("http://localhost/")) } }));
        outbox.Post(Hook("opps"));

        await courier.DeliverDue();

        Assert.Equal("There is no webhook \"opps\" in the settings. There are: ops. Add it under notifications.webhooks in apm.yaml (docs/notifications.md).", outbox.Find("w1")!.LastError);
    }

    [Fact]
    public async Task Slack_is_sent_its_own_marks()
    {
        await using var sink = new HttpSink();
        var outbox = OpenOutbox();
        await using var courier = CourierOf(outbox, new WebhookMessenger(new DeliverySettings { SlackChannels = new Dictionary<string, WebhookTarget> { ["alerts"] = new(sink.Url()) } }));
        outbox.Post(Hook("alerts", DeliveryChannel.Slack));

        await courier.DeliverDue();

        Assert.Equal("""{"text":"[Triggered] My metric high","attachments":[{"color":"danger","fallback":"[Triggered] My metric high","title":"[Triggered] My metric high","title_link":"http://localhost/monitors/1","text":"line 1\nline 2 *x* <http://b|a>","mrkdwn_in":["text"]}]}""", sink.Requests.Single().Body);
    }

    [Theory]
    [InlineData("169.254.169.254", true)]
    [InlineData("::ffff:169.254.169.254", true)]
    [InlineData("64:ff9b::a9fe:a9fe", true)]
    [InlineData("2002:a9fe:a9fe::1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fd00:ec2::254", true)]
    [InlineData("100.100.100.200", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("::", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("255.255.255.255", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("1.1.1.1", false)]
    public void Addresses_that_webhooks_must_not_reach(string address, bool isForbidden) => Assert.Equal(isForbidden, new AddressRules(AddressRules.DefaultForbidden).Forbids(System.Net.IPAddress.Parse(address)));

    [Fact]
    public async Task A_name_is_judged_by_what_it_leads_to()
    {
        await using var sink = new HttpSink();
        var outbox = OpenOutbox();
        var settings = new DeliverySettings { Webhooks = new Dictionary<string, WebhookTarget> { ["ops"] = new(sink.Url("localhost")) }, ForbiddenNetworks = [System.Net.IPNetwork.Parse("127.0.0.0/8"), System.Net.IPNetwork.Parse("::1/128")] };
        await using var courier = CourierOf(outbox, new WebhookMessenger(settings));
        outbox.Post(Hook());

        await courier.DeliverDue();

        Assert.Equal(DeliveryState.Failed, outbox.Find("w1")!.State);
        Assert.Matches("^localhost leads to .*127.0.0.1.*, which webhooks must not reach \\(notifications.forbidden_networks\\)\\.$", outbox.Find("w1")!.LastError);
        Assert.Empty(sink.Requests);
    }

    [Fact]
    public void A_full_outbox_drops_what_is_only_kept_first()
    {
        var outbox = OpenOutbox();
        outbox.Post(Mail("held"));
        outbox.Hold(outbox.Find("held")!, "no server");
        for (var i = 1; i < Outbox.MaxUnsent; i++) outbox.Post(Mail("m" + i));
        outbox.Post(Mail("one more"));
        outbox.Post(Mail("too many"));

        Assert.Null(outbox.Find("held"));
        Assert.NotNull(outbox.Find("one more"));
        Assert.Null(outbox.Find("too many"));
        Assert.Equal(2, _counters.Read("deliveries_dropped", "outbox_full"));
    }

    [Fact]
    public void Waits_double_up_to_an_hour_and_differ_by_chance()
    {
        var backOff = new BackOff(new Random(1));

        for (var attempt = 1; attempt < 40; attempt++)
        {
            var whole = Math.Min(3_600, 10 * Math.Pow(2, attempt - 1));
            Assert.InRange(backOff.After(attempt).TotalSeconds, whole / 2, whole);
        }
    }
}

using System.Net.Sockets;
using Apm.Core.Ports;
using Apm.Monitors.Messages;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Apm.Monitors.Delivery;

/// <summary>Hands mails to a mail server, several over one connection.</summary>
/// <param name="pictures">Draws charts at the time of sending.</param>
public sealed class SmtpMessenger(DeliverySettings settings, IChartPictures pictures) : IMessenger
{
    readonly SmtpSettings _smtp = settings.Smtp;
    SmtpClient? _client;

    public IReadOnlyList<DeliveryChannel> Channels { get; } = [DeliveryChannel.Mail];

    public string? WhyHeld => _smtp.Host.Length > 0 ? null : "There is no mail server in the settings, so this mail is kept here. Set smtp.host and smtp.from in apm.yaml (docs/notifications.md).";

    public bool GivesUp(Delivery delivery, DateTimeOffset now) => now.ToUnixTimeMilliseconds() - delivery.CreatedUnixMillis > settings.MailPatience.TotalMilliseconds;

    public async Task<Attempt> Send(Delivery delivery, CancellationToken cancel)
    {
        if (!MailboxAddress.TryParse(delivery.Target, out var to)) return new Attempt(AttemptResult.Refused, $"\"{delivery.Target}\" is no mail address.");
        try
        {
            if (await WhyNotConnected(cancel) is { } why) return new Attempt(AttemptResult.Unreachable, why);
            using var mail = MailOf(delivery, to, cancel);
            await _client!.SendAsync(mail, cancel);
            return Attempt.Sent;
        }
        catch (SmtpCommandException refused)
        {
            var isForNow = (int)refused.StatusCode is >= 400 and < 500;
            return new Attempt(isForNow ? AttemptResult.TryAgain : AttemptResult.Refused, $"{_smtp.Host} answered {(int)refused.StatusCode}: {refused.Message}");
        }
        catch (Exception broken) when (broken is SmtpProtocolException or ServiceNotConnectedException or ServiceNotAuthenticatedException or IOException or SocketException or TimeoutException || (broken is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            await Close();
            return new Attempt(AttemptResult.TryAgain, $"The connection to {_smtp.Host}:{_smtp.Port} broke off while the mail was sent: {broken.Message}");
        }
    }

    public async Task Rest(CancellationToken cancel)
    {
        try
        {
            if (_client is { IsConnected: true } client) await client.DisconnectAsync(quit: true, cancel);
        }
        catch (Exception broken) when (broken is SmtpProtocolException or SmtpCommandException or IOException or SocketException or OperationCanceledException)
        {
            // Everything was handed over; the farewell does not matter.
        }
        await Close();
    }

    public async ValueTask DisposeAsync() => await Close();

    /// <summary>The mail as it goes over the line.</summary>
    internal MimeMessage MailOf(Delivery delivery, MailboxAddress to, CancellationToken cancel)
    {
        var from = MailboxAddress.TryParse(_smtp.From, out var sender) ? sender : new MailboxAddress("Apm", "apm@localhost");
        var domain = from.Address[(from.Address.LastIndexOf('@') + 1)..];
        var text = delivery.Bundle.Count + delivery.BundleLeftOutCount > 1 ? MailText.OfSeveral(delivery.About, delivery.Kind, delivery.Url, delivery.Bundle, delivery.BundleLeftOutCount) : new MailText(delivery.Subject, delivery.Plain, delivery.Html);
        var mail = new MimeMessage
        {
            Subject = OneLine(text.Subject),
            Date = DateTimeOffset.FromUnixTimeMilliseconds(delivery.CreatedUnixMillis),
            MessageId = $"{delivery.Id}@{domain}", // The same in each attempt: a server that has it knows it again.
        };
        mail.From.Add(from);
        mail.To.Add(to);
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        if (delivery.MonitorId is { } monitor) mail.Headers.Add("X-Apm-Monitor", ValueText.Whole(monitor));
        if (delivery.Thread.Length > 0)
        {
            mail.InReplyTo = $"{delivery.Thread}@{domain}";
            mail.References.Add($"{delivery.Thread}@{domain}");
        }
        var body = new BodyBuilder { TextBody = text.Plain };
        var picture = text.Html.Contains(MailPage.ChartMark, StringComparison.Ordinal) ? PictureFor(delivery, cancel) : null;
        var html = text.Html;
        if (picture is not null)
        {
            var resource = body.LinkedResources.Add("chart.png", picture, new ContentType("image", "png"));
            resource.ContentId = $"chart.{delivery.Id}@{domain}";
            html = html.Replace(MailPage.ChartMark, MailPage.Picture($"cid:{resource.ContentId}", delivery.Url, delivery.SnapshotId.Length > 0 ? delivery.About : "Chart of what the monitor looked at"), StringComparison.Ordinal);
        }
        body.HtmlBody = html.Replace(MailPage.ChartMark, "", StringComparison.Ordinal);
        mail.Body = body.ToMessageBody();
        return mail;
    }

    byte[]? PictureFor(Delivery delivery, CancellationToken cancel) =>
        delivery.SnapshotId.Length > 0 ? pictures.KeptPng(delivery.SnapshotId) : delivery.Chart is { } chart ? pictures.DrawPng(chart, cancel) : null;

    /// <summary>Connects when it is not; null when it is then.</summary>
    async Task<string?> WhyNotConnected(CancellationToken cancel)
    {
        if (_client is { IsConnected: true }) return null;
        await Close();
        var client = _client = new SmtpClient { Timeout = (int)_smtp.Timeout.TotalMilliseconds };
        try
        {
            await client.ConnectAsync(_smtp.Host, _smtp.Port, OptionsOf(_smtp), cancel);
            if (_smtp.User.Length == 0) return null;
            if (!client.IsSecure && !IsThisMachine(_smtp.Host)) return await Refused($"{_smtp.Host} offers no encryption, so the password of {_smtp.User} is not sent to it. Use a port with TLS, or leave smtp.user empty.");
            await client.AuthenticateAsync(_smtp.User, _smtp.Password, cancel);
            return null;
        }
        catch (AuthenticationException wrong)
        {
            return await Refused($"{_smtp.Host} does not take name and password of {_smtp.User}: {wrong.Message} Look at smtp.user and smtp.password.");
        }
        catch (SslHandshakeException wrong)
        {
            return await Refused($"No encrypted connection to {_smtp.Host}:{_smtp.Port} comes about: {(wrong.ServerCertificate is { } shown ? $"the certificate that it shows (for {shown.Subject.Replace("CN=", "", StringComparison.Ordinal)}) is not trusted on this machine. Add its issuer to the system's certificates, or use smtp.tls: none on this machine." : FirstLine(wrong.Message) + " Look at smtp.tls and smtp.port.")}");
        }
        catch (NotSupportedException wrong)
        {
            return await Refused($"{_smtp.Host}:{_smtp.Port} cannot do what the settings ask for: {FirstLine(wrong.Message)} Look at smtp.tls and smtp.user.");
        }
        catch (Exception broken) when (broken is SocketException or IOException or TimeoutException or SmtpProtocolException or SmtpCommandException || (broken is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return await Refused($"The mail server {_smtp.Host}:{_smtp.Port} cannot be reached: {FirstLine(broken.Message)}");
        }
    }

    async Task<string> Refused(string sentence)
    {
        await Close();
        return sentence;
    }

    Task Close()
    {
        _client?.Dispose();
        _client = null;
        return Task.CompletedTask;
    }

    static SecureSocketOptions OptionsOf(SmtpSettings smtp) => smtp.Tls switch
    {
        "none" => SecureSocketOptions.None,
        "tls" => SecureSocketOptions.SslOnConnect,
        "starttls" => SecureSocketOptions.StartTls,
        _ => smtp.Port == 465 ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.StartTlsWhenAvailable,
    };

    static bool IsThisMachine(string host) => host is "localhost" or "127.0.0.1" or "::1";

    static string FirstLine(string text) => text.Split('\n')[0].TrimEnd('\r', ' ');

    static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}

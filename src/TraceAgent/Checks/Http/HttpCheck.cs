using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Net.Security;
using System.Text;
using System.Text.RegularExpressions;
using Apm.Core.Checks;
using Apm.TraceAgent.Checks.Web;

namespace Apm.TraceAgent.Checks.Http;

/// <summary>Makes the instances of <c>http_check.d/conf.yaml</c>.</summary>
public sealed class HttpCheckKind(TimeProvider clock) : ICheckKind
{
    public string Name => "http_check";

    public ICheck Create(CheckSettings settings) => new HttpCheck(HttpCheckSettings.From(settings), clock);
}

/// <summary>One instance of <c>http_check.d/conf.yaml</c>.</summary>
public sealed record HttpCheckSettings
{
    /// <summary>Most of an answer's body that is searched for <c>content_match</c>; what comes later is not looked at, and a warning says so. Default 1 MiB.</summary>
    public int MaxContentBytes { get; init; } = 1024 * 1024;

    public required string Name { get; init; }

    public required CheckHttpSettings Http { get; init; }

    public HttpMethod Method { get; init; } = HttpMethod.Get;

    public string? Data { get; init; }

    public string? DataType { get; init; }

    public required Regex ExpectedStatus { get; init; }

    /// <summary>The expectation for sentences.</summary>
    public required string ExpectedStatusText { get; init; }

    public Regex? ContentMatch { get; init; }

    public bool ContentMustBeAbsent { get; init; }

    /// <summary>Whether the first characters of a wrong answer stand in the message.</summary>
    public bool IncludesContent { get; init; }

    public bool CollectsResponseTime { get; init; } = true;

    public bool ChecksCertificate { get; init; } = true;

    public TimeSpan CertificateWarning { get; init; }

    public TimeSpan CertificateCritical { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <exception cref="CheckFailedException">A key is missing or cannot be used.</exception>
    public static HttpCheckSettings From(CheckSettings settings)
    {
        var file = new CheckOptions("http_check", settings.Instance);
        var name = file.RequiredText("name", "My site");
        var url = file.RequiredText("url", "https://example.com/health");
        var expected = file.Text("http_response_status_code");
        var status = expected is null or "" ? "(1|2|3)\\d\\d" : expected;
        var data = DataOf(file, out var type);
        var hasUrlTag = file.Texts("tags").Any(tag => tag.StartsWith("url:", StringComparison.Ordinal));
        return new HttpCheckSettings
        {
            Name = name,
            Http = CheckHttpSettings.From(file, "url", url, 10),
            Method = MethodOf(file),
            Data = data,
            DataType = type,
            ExpectedStatus = new CheckOptions(file.Check, new Dictionary<string, object?> { ["http_response_status_code"] = $"^(?:{status})" }).Pattern("http_response_status_code")!,
            ExpectedStatusText = expected is null or "" ? "1xx, 2xx or 3xx" : expected,
            ContentMatch = file.Pattern("content_match"),
            ContentMustBeAbsent = file.Flag("reverse_content_match"),
            IncludesContent = file.Flag("include_content"),
            CollectsResponseTime = file.Flag("collect_response_time", true),
            ChecksCertificate = file.Flag("check_certificate_expiration", true),
            CertificateWarning = Left(file, "seconds_warning", "days_warning", 14),
            CertificateCritical = Left(file, "seconds_critical", "days_critical", 7),
            Tags = [.. file.Texts("tags"), .. hasUrlTag ? Array.Empty<string>() : [$"url:{url}"], $"instance:{name}"],
        };
    }

    static TimeSpan Left(CheckOptions file, string seconds, string days, double otherwiseDays) =>
        file.Number(0, 1e10, seconds) is { } exact and > 0 ? TimeSpan.FromSeconds(exact)
        : file.Number(0, 100_000, days) is { } whole and > 0 ? TimeSpan.FromDays(whole)
        : TimeSpan.FromDays(otherwiseDays);

    static HttpMethod MethodOf(CheckOptions file)
    {
        var method = (file.Text("method") ?? "get").ToUpperInvariant();
        return method is "GET" or "POST" or "PUT" or "HEAD" or "DELETE" or "PATCH" or "OPTIONS" ? new HttpMethod(method) : throw file.Refused("method", method, "get, post, put, head, delete, patch or options");
    }

    /// <summary>A text is sent as it is, a mapping as JSON.</summary>
    static string? DataOf(CheckOptions file, out string? type)
    {
        type = null;
        if (file.Items("data") is not [IReadOnlyDictionary<string, object?> map]) return file.Text("data");
        type = "application/json";
        return System.Text.Json.JsonSerializer.Serialize(map);
    }
}

/// <summary>
/// Whether a web address answers as it should, how fast, and for how long its certificate is still good: metrics <c>network.http.*</c> and
/// <c>http.ssl.*</c>, service checks <c>http.can_connect</c> and <c>http.ssl_cert</c>. An address that is down is the answer, not a failure of the run.
/// </summary>
public sealed class HttpCheck(HttpCheckSettings settings, TimeProvider clock) : ICheck
{
    const int ContentChars = 200;

    readonly CheckHttp _http = new(settings.Http);

    public async Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        var wrong = await AskAsync(output, cancel);
        var isUp = wrong is null;
        output.Submit(CheckMetricKind.Gauge, "network.http.can_connect", isUp ? 1 : 0, settings.Tags);
        output.Submit(CheckMetricKind.Gauge, "network.http.cant_connect", isUp ? 0 : 1, settings.Tags);
        output.ServiceCheck("http.can_connect", isUp ? CheckStatus.Ok : CheckStatus.Critical, settings.Tags, wrong ?? "");
        if (settings.ChecksCertificate && settings.Http.Url.Scheme is "https") TellCertificate(output, wrong);
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What is wrong; null when nothing is.</summary>
    async Task<string?> AskAsync(ICheckOutput output, CancellationToken cancel)
    {
        try
        {
            var started = clock.GetTimestamp();
            using var answer = await _http.SendAsync(settings.Method, settings.Data, settings.DataType, cancel);
            if (settings.CollectsResponseTime) output.Submit(CheckMetricKind.Gauge, "network.http.response_time", clock.GetElapsedTime(started).TotalSeconds, settings.Tags);

            var status = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
            if (!settings.ExpectedStatus.IsFoundIn(status))
                return $"{settings.Http.Url.OriginalString} answered {status}; expected is {settings.ExpectedStatusText} (`http_response_status_code`).{await ContentAsync(answer, cancel)}";
            if (settings.ContentMatch is not { } pattern) return null;

            var (body, isCut) = await _http.ReadAsync(answer, settings.MaxContentBytes, cancel);
            var text = Encoding.UTF8.GetString(body.Span);
            var isFound = pattern.IsFoundIn(text);
            if (isCut && !isFound) output.Warn($"http_check: only the first {settings.MaxContentBytes:N0} bytes of {settings.Http.Url.OriginalString} were searched for `content_match`.");
            if (isFound == settings.ContentMustBeAbsent)
                return $"The content of {settings.Http.Url.OriginalString} {(isFound ? "has" : "has not")} what `content_match: {pattern}` {(isFound ? "must not find (`reverse_content_match`)" : "must find")}.{(settings.IncludesContent ? Quoted(text) : "")}";
            return null;
        }
        catch (CheckFailedException fault)
        {
            return fault.Message;
        }
    }

    async Task<string> ContentAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        if (!settings.IncludesContent) return "";
        var (body, _) = await _http.ReadAsync(answer, ContentChars * 4, cancel);
        return Quoted(Encoding.UTF8.GetString(body.Span));
    }

    static string Quoted(string text) => $" It said: {(text.Length <= ContentChars ? text : string.Concat(text.AsSpan(0, ContentChars - 1), "…"))}";

    void TellCertificate(ICheckOutput output, string? wrong)
    {
        if (_http.Certificate is not { } certificate)
        {
            output.ServiceCheck("http.ssl_cert", CheckStatus.Unknown, settings.Tags, $"No certificate was seen: {wrong ?? "the connection was answered without one."}");
            return;
        }
        var left = certificate.NotAfter.ToUniversalTime() - clock.GetUtcNow().UtcDateTime;
        output.Submit(CheckMetricKind.Gauge, "http.ssl.days_left", Math.Floor(left.TotalDays), settings.Tags);
        output.Submit(CheckMetricKind.Gauge, "http.ssl.seconds_left", left.TotalSeconds, settings.Tags);
        var (status, message) = Judge(certificate, left);
        output.ServiceCheck("http.ssl_cert", status, settings.Tags, message);
    }

    (CheckStatus, string) Judge(X509Certificate2 certificate, TimeSpan left)
    {
        var until = certificate.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        var days = string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(left.TotalDays):0.#}");
        if (left < TimeSpan.Zero) return (CheckStatus.Critical, $"The certificate ran out {days} days ago, on {until}. Renew it.");
        if (left < settings.CertificateCritical) return (CheckStatus.Critical, $"The certificate is good for {days} more days, until {until}. Renew it.");
        if (left < settings.CertificateWarning) return (CheckStatus.Warning, $"The certificate is good for {days} more days, until {until}.");
        if (settings.Http.VerifiesTls && _http.CertificateErrors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return (CheckStatus.Unknown, $"The certificate is not for {settings.Http.Url.Host} but for {certificate.GetNameInfo(X509NameType.DnsName, false)}.");
        return (CheckStatus.Ok, "");
    }
}

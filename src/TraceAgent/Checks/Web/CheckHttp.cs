using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Apm.TraceAgent.Checks.Web;

/// <summary>How a check that asks over HTTP does it: the keys that <c>http_check</c> and <c>openmetrics</c> have in common, old spellings included.</summary>
public sealed record CheckHttpSettings
{
    /// <summary>Most redirects that are followed in one request; beyond it the request fails. Default 10.</summary>
    public int MaxRedirects { get; init; } = 10;

    public required Uri Url { get; init; }

    /// <summary>From the first byte sent to the last header received, connecting included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public string? User { get; init; }

    public string Password { get; init; } = "";

    public bool FollowsRedirects { get; init; } = true;

    /// <summary>Whether a certificate must be valid, and for that host.</summary>
    public bool VerifiesTls { get; init; } = true;

    /// <summary>Whether a valid certificate must be for that host.</summary>
    public bool VerifiesHostname { get; init; } = true;

    /// <summary>Certificates (PEM) to trust besides the system's; null for none.</summary>
    public string? CaFile { get; init; }

    public string? ClientCertificateFile { get; init; }

    public string? ClientKeyFile { get; init; }

    /// <exception cref="CheckFailedException">A key cannot be used.</exception>
    public static CheckHttpSettings From(CheckOptions file, string key, string url, double timeoutSeconds)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw file.Refused(key, url, "a URL that begins with http:// or https://");
        return new CheckHttpSettings
        {
            Url = address,
            Timeout = file.Seconds(timeoutSeconds, 3600, "timeout", "connect_timeout"),
            Headers = [.. file.Map("headers").Pairs(), .. file.Map("extra_headers").Pairs()],
            User = file.Text("username"),
            Password = file.Text("password") ?? "",
            FollowsRedirects = file.Flag("allow_redirects", true),
            VerifiesTls = file.Has("tls_verify") ? file.Flag("tls_verify", true) : file.Has("ssl_verify") ? file.Flag("ssl_verify", true) : !file.Flag("disable_ssl_validation"),
            VerifiesHostname = file.Has("tls_validate_hostname") ? file.Flag("tls_validate_hostname", true) : file.Flag("check_hostname", true),
            CaFile = file.Text("tls_ca_cert", "ssl_ca_cert", "ca_certs"),
            ClientCertificateFile = file.Text("tls_cert", "ssl_cert", "client_cert"),
            ClientKeyFile = file.Text("tls_private_key", "ssl_private_key", "client_key"),
        };
    }
}

/// <summary>
/// Asks one address. Redirects are followed to http and https only, and never from https to http; a password goes to the host it was meant for only.
/// Nothing goes through a proxy, and no cookies are kept.
/// </summary>
/// <remarks>One request at a time.</remarks>
public sealed class CheckHttp : IDisposable
{
    readonly CheckHttpSettings _settings;
    readonly HttpClient _client;
    readonly X509Certificate2Collection _trusted = [];

    /// <exception cref="CheckFailedException">A certificate file cannot be read.</exception>
    public CheckHttp(CheckHttpSettings settings)
    {
        _settings = settings;
        var tls = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Accepts };
        try
        {
            if (settings.CaFile is { } ca) _trusted.ImportFromPemFile(ca);
            if (settings.ClientCertificateFile is { } file) tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(file, settings.ClientKeyFile ?? file)];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException or ArgumentException)
        {
            throw new CheckFailedException($"The certificate file {settings.CaFile ?? settings.ClientCertificateFile} cannot be used: {fault.Message} It must be PEM and readable by the user that runs the agent.", fault);
        }
#pragma warning disable CA2000 // The client disposes of its handler.
        var handler = new SocketsHttpHandler
#pragma warning restore CA2000
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = settings.Timeout,
            PooledConnectionLifetime = TimeSpan.Zero, // Each run connects anew: that the server takes connections is part of the answer.
            SslOptions = tls,
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The certificate of the last TLS connection, valid or not; null before the first.</summary>
    public X509Certificate2? Certificate { get; private set; }

    /// <summary>What is wrong with it; <see cref="SslPolicyErrors.None"/> when nothing is.</summary>
    public SslPolicyErrors CertificateErrors { get; private set; }

    /// <summary>Asks, and follows redirects; the body is not read yet. The caller disposes of the answer.</summary>
    /// <exception cref="CheckFailedException">No answer; the message says why.</exception>
    /// <exception cref="OperationCanceledException">The run was ended.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string? body, string? contentType, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(_settings.Timeout);
        var url = _settings.Url;
        try
        {
            for (var redirects = 0; ; redirects++)
            {
                using var request = Request(method, url, body, contentType);
                var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
                if (!_settings.FollowsRedirects || Target(answer, url) is not { } target) return answer;
                answer.Dispose();
                if (target.Scheme is not ("http" or "https")) throw new CheckFailedException($"{url} redirects to {Shown(target)}; only http and https are followed.");
                if (url.Scheme is "https" && target.Scheme is "http") throw new CheckFailedException($"{url} redirects from https to {Shown(target)}; a redirect to an open line is not followed.");
                if (redirects == _settings.MaxRedirects) throw new CheckFailedException($"{_settings.Url} redirects more than {_settings.MaxRedirects} times, lastly to {Shown(target)}.");
                if (answer.StatusCode is HttpStatusCode.SeeOther || (method != HttpMethod.Get && method != HttpMethod.Head && answer.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Found))
                    (method, body) = (method == HttpMethod.Head ? method : HttpMethod.Get, null);
                url = target;
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new CheckFailedException($"{url} did not answer within {Seconds(_settings.Timeout)} s (`timeout`).");
        }
        catch (HttpRequestException fault)
        {
            throw new CheckFailedException($"{url} cannot be reached: {Reason(fault)}", fault);
        }
    }

    /// <summary>Reads a body up to a size.</summary>
    /// <returns>Its beginning, and whether there is more.</returns>
    /// <exception cref="CheckFailedException">It did not come whole, or not in time.</exception>
    public async Task<(ReadOnlyMemory<byte> Body, bool IsCut)> ReadAsync(HttpResponseMessage answer, int maxBytes, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(_settings.Timeout);
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(patience.Token);
            var body = new MemoryStream();
            var buffer = new byte[16 * 1024];
            while (true)
            {
                var read = await stream.ReadAsync(buffer, patience.Token);
                if (read == 0) return (body.GetBuffer().AsMemory(0, (int)body.Length), false);
                var room = maxBytes - (int)body.Length;
                body.Write(buffer, 0, Math.Min(read, room));
                if (read > room) return (body.GetBuffer().AsMemory(0, (int)body.Length), true);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new CheckFailedException($"{_settings.Url} did not send its whole answer within {Seconds(_settings.Timeout)} s (`timeout`).");
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException or InvalidDataException)
        {
            throw new CheckFailedException($"{_settings.Url} broke off in the middle of its answer: {fault.Message}", fault);
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        Certificate?.Dispose();
    }

    HttpRequestMessage Request(HttpMethod method, Uri url, string? body, string? contentType)
    {
        var request = new HttpRequestMessage(method, url);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8) { Headers = { ContentType = null } };
        if (body is not null) request.Content!.Headers.TryAddWithoutValidation("Content-Type", contentType ?? "application/x-www-form-urlencoded");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("apm", null));
        var isSameHost = url.Host == _settings.Url.Host && url.Port == _settings.Url.Port;
        if (isSameHost && _settings.User is { } user)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{_settings.Password}")));
        foreach (var (name, value) in _settings.Headers)
        {
            if (!isSameHost && name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)) continue;
            request.Headers.Remove(name);
            if (!request.Headers.TryAddWithoutValidation(name, value) && request.Content is { } content)
            {
                content.Headers.Remove(name);
                content.Headers.TryAddWithoutValidation(name, value);
            }
        }
        return request;
    }

    static Uri? Target(HttpResponseMessage answer, Uri url)
    {
        if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location) return null;
        return location.IsAbsoluteUri ? location : new Uri(url, location);
    }

    bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (!_settings.VerifiesHostname) errors &= ~SslPolicyErrors.RemoteCertificateNameMismatch;
        if (certificate is not null)
        {
            Certificate?.Dispose();
            Certificate = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            if (_trusted.Count > 0 && errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && IsTrusted(Certificate, chain)) errors &= ~SslPolicyErrors.RemoteCertificateChainErrors;
        }
        CertificateErrors = errors;
        return errors is SslPolicyErrors.None || !_settings.VerifiesTls;
    }

    bool IsTrusted(X509Certificate2 certificate, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(_trusted);
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(certificate);
    }

    /// <summary>The innermost reason says the most: "Connection refused" and not "an error occurred".</summary>
    static string Reason(HttpRequestException fault)
    {
        Exception innermost = fault;
        while (innermost.InnerException is not null) innermost = innermost.InnerException;
        return innermost is SocketException or System.Security.Authentication.AuthenticationException || !ReferenceEquals(innermost, fault) ? innermost.Message : fault.Message;
    }

    static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    static string Shown(Uri url) => url.OriginalString.Length <= 200 ? url.OriginalString : string.Concat(url.OriginalString.AsSpan(0, 199), "…");
}

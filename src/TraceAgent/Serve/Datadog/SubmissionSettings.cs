using Apm.TraceAgent.Receive;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>What the submissions of metrics, checks and events take at most (metrics-monitors §3.4). Datadog's figures where it has some.</summary>
public static class SubmissionSettings
{
    /// <summary>Body of a v1 submission as it is sent; 3.2 MB. A larger one is answered 413.</summary>
    public const int MaxV1SentBytes = 3_200_000;

    /// <summary>Body of a v1 submission, unpacked; 62,914,560 bytes. A larger one is answered 413.</summary>
    public const int MaxV1UnpackedBytes = 62_914_560;

    /// <summary>Body of v2 series as it is sent; 512,000 bytes. A larger one is answered 413.</summary>
    public const int MaxV2SentBytes = 512_000;

    /// <summary>Body of v2 series, unpacked; 5 MiB. A larger one is answered 413.</summary>
    public const int MaxV2UnpackedBytes = 5_242_880;

    /// <summary>Body of events, answers of checks and <c>/intake/</c>, unpacked; 8 MiB. A larger one is answered 413.</summary>
    public const int MaxSmallUnpackedBytes = 8_388_608;

    /// <summary>Bodies being read and decoded at once; 192 MiB. Beyond it requests are answered 429.</summary>
    public const long MaxBytesInFlight = 201_326_592;

    /// <summary>An answer of a check that is older is dropped and counted in <c>service_checks_dropped{too_old}</c>; one as far ahead in <c>{too_new}</c>.</summary>
    public const int MaxCheckAgeSeconds = 600;

    /// <summary>An event that is older is refused.</summary>
    public const int MaxEventAgeSeconds = 18 * 3_600;

    internal static readonly BodyLimits V1 = new(MaxV1SentBytes, MaxV1UnpackedBytes);
    internal static readonly BodyLimits V2 = new(MaxV2SentBytes, MaxV2UnpackedBytes);
    internal static readonly BodyLimits Small = new(MaxV1SentBytes, MaxSmallUnpackedBytes);
}
